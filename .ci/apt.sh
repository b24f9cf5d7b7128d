#!/bin/sh
# Installs what .ci/apt.txt lists where that is possible; elsewhere says what is missing. Never fails.
missing=""
for package in $(cat .ci/apt.txt); do
    case "$package" in
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
        poppler-utils) command -v pdftotext >/dev/null && command -v pdfsig >/dev/null ;;
        *) dpkg -s "$package" >/dev/null 2>&1 ;;
    esac || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then as=""; elif sudo -n true 2>/dev/null; then as="sudo"; else as="no"; fi
    if [ "$as" != no ]; then
        echo "安装测试所需的程序：$missing"
        # shellcheck disable=SC2086
        { $as apt-get -qq update && DEBIAN_FRONTEND=noninteractive $as apt-get -qq install -y --no-install-recommends $missing >/dev/null; } && exit 0
    fi
fi
echo "缺少$missing，用到它们的测试会跳过并列出名字。可以请管理员安装：apt-get install$missing" >&2
exit 0
