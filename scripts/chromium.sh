#!/bin/sh
# Chromium as `unpack-chromium.js` laid it out, with the libraries and letters beside it and none of the machine's.
here=$(dirname "$(readlink -f "$0")")
XDG_CACHE_HOME="$here/unpacked/cache" LD_LIBRARY_PATH="$here/unpacked/lib" FONTCONFIG_FILE="$here/unpacked/fonts.conf" exec "$here/unpacked/chromium" "$@"
