#!/bin/sh
# As root, with apt-get: install what tests need of the system's packages and can't get otherwise; no service is started.
# Without it, those tests are skipped and say so.
set -u
PATH=$PATH:/usr/sbin:/sbin

missing=''
for pair in pgbouncer:pgbouncer ip:iproute2 openssl:openssl sshd:openssh-server ssh:openssh-client; do
    command -v "${pair%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1 || exit 0

install() {
    # shellcheck disable=SC2086  # several packages, one word each
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive timeout 120 \
        apt-get -o DPkg::Lock::Timeout=100 install -qq --no-install-recommends $missing >/dev/null 2>&1 </dev/null
}

echo "installing the system's packages:$missing"
install || { timeout 120 apt-get update -qq >/dev/null 2>&1 </dev/null; install; } ||
    echo 'they could not be installed: tests that need them are skipped'
exit 0
