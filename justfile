# Every routine by name. `cargo xtask` does the work; this only saves typing.

# list the routines
default:
    @just --list

# find or fetch compilers and rivals
setup:
    cargo xtask setup

# programs and Solidity
build *ARGS:
    cargo xtask build {{ARGS}}

# sizes and costs of the programs
sizes:
    cargo xtask sizes

# a devnode in the background, a city on it, and a mission done there
up:
    cargo xtask up

# stop it
down:
    cargo xtask down

# what continuous integration runs
test:
    cargo xtask test

# the rules no compiler checks
tidy:
    cargo xtask tidy

# long profiles
deep *ARGS:
    cargo xtask deep {{ARGS}}

# what the paper lists as planned, measured
results *ARGS:
    cargo xtask results {{ARGS}}

# against anvil
bench:
    cargo xtask bench devnode

# vectors of the specification
vectors FILE *ARGS:
    cargo xtask vectors {{FILE}} {{ARGS}}
