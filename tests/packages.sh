#!/bin/sh
# Installs the Debian packages of tests/packages.txt that are missing, where it may; otherwise says which they are.
set -eu
missing=""
while read -r package program _; do
    case "$package" in "" | "#"*) continue ;; esac
    if [ "$program" = - ]; then
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    else
        command -v "$program" >/dev/null 2>&1 || missing="$missing $package"
    fi
done <"$(dirname "$0")/packages.txt"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "The tests need these Debian packages:$missing"
    echo "Install them with: sudo apt-get install --no-install-recommends$missing"
    exit 1
fi
echo "Installing Debian packages:$missing"
$as_root apt-get update -qq
# Runlevel 1: the services that come with some of them are not started.
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null
