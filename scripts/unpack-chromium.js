'use strict'; // Unpacks what the package @sparticuz/chromium carries into `unpacked`, once, when it is installed: the browser, its libraries, its letters.
const fs = require('fs');
const { pipeline } = require('stream/promises');
const { createBrotliDecompress } = require('zlib');
const tar = require('tar-fs');

const from = (name) => fs.createReadStream(`node_modules/@sparticuz/chromium/bin/${name}.br`);
const fonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir prefix="relative">../node_modules/dejavu-fonts-ttf/ttf</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
const main = async () => {
  fs.mkdirSync('unpacked');
  await pipeline(from('chromium'), createBrotliDecompress(), fs.createWriteStream('unpacked/chromium', { mode: 0o755 }));
  for (const name of ['al2023.tar', 'fonts.tar']) await pipeline(from(name), createBrotliDecompress(), tar.extract('unpacked'));
  fs.writeFileSync('unpacked/fonts.conf', fonts);
  // What was packed is not needed any more.
  fs.rmSync('node_modules/@sparticuz/chromium/bin', { recursive: true });
};
main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
