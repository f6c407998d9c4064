#!/bin/sh
# Print a Python that is new enough on standard output; name what is missing, with the command that installs it.
set -u

install_command() { # names for: apt-get, dnf, zypper, apk, pacman
    become=''
    [ "$(id -u)" -eq 0 ] || become='sudo '
    if command -v apt-get >/dev/null 2>&1; then echo "${become}apt-get install $1"
    elif command -v dnf >/dev/null 2>&1; then echo "${become}dnf install $2"
    elif command -v zypper >/dev/null 2>&1; then echo "${become}zypper install $3"
    elif command -v apk >/dev/null 2>&1; then echo "${become}apk add $4"
    elif command -v pacman >/dev/null 2>&1; then echo "${become}pacman -S $5"
    else echo "your system's package manager (package: $1)"
    fi
}

missing() { # what, then names as above
    what=$1
    shift
    echo "missing: $what; install it with: $(install_command "$@")" >&2
    failed=1
}

is_supported() { # a Python of 3.11 or newer, below the minor version $2
    "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $2))" >/dev/null 2>&1
}

find_python() { # the versions that ansible-core supports come first, a newer one is the last resort
    for candidate in python3 python3.13 python3.12 python3.11; do
        is_supported "$candidate" 14 && echo "$candidate" && return
    done
    is_supported python3 99 && echo python3
}

failed=0
case $PWD in
    *:*) echo "the checkout's path contains a colon, which no search path can hold: move it" >&2; failed=1 ;;
esac
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo 'the PostgreSQL servers need Linux on x86_64' >&2; failed=1; }
command -v git >/dev/null 2>&1 || missing git git git git git git
python=$(find_python)
if [ -z "$python" ]; then
    missing 'python3, version 3.11 or newer' 'python3 python3-venv' python3.12 python312 python3 python
elif ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    missing "the venv module of $python" "python$version-venv" python3-pip python3-pip py3-pip python-pip
fi
[ "$failed" -eq 0 ] || exit 1
echo "$python"
