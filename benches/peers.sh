#!/bin/sh
# Installs the peer scanners, each in its own environment, then measures them beside Cleanbill.
#   benches/peers.sh                        speed and detection
#   benches/peers.sh speed --runs 5         speed only
#   benches/peers.sh detect --corpus DIR    detection only
# All options: benches/peers.sh --help. PYTHON names the interpreter (3.11), PEERS_DIR the folder of the environments.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
peers=${PEERS_DIR:-$root/target/peers}
mkdir -p "$peers"

# Versions are pinned, so that two runs compare the same tools.
for pinned in picklescan==1.0.5 modelscan==0.8.8 modelaudit==0.2.54 hayward==1.4.1 purser==0.3.0; do
    name=${pinned%%=*}
    if [ -f "$peers/$name/.installed" ] && [ "$(cat "$peers/$name/.installed")" = "$pinned" ]; then
        continue
    fi
    echo "installing $pinned" >&2
    "$python" -m venv "$peers/$name"
    "$peers/$name/bin/pip" install --quiet --disable-pip-version-check "$pinned"
    # Readers some peers use when present. A peer works without them, so a failure is not fatal.
    readers="numpy h5py py7zr lz4"
    case $name in
    modelaudit) readers="$readers onnx tflite py-ubjson jinja2 safetensors dill joblib scikit-learn xgboost-cpu" ;;
    modelscan) readers="$readers tensorflow-cpu" ;;
    esac
    for reader in $readers; do
        "$peers/$name/bin/pip" install --quiet --disable-pip-version-check "$reader" ||
            echo "an optional reader of $name is missing: $reader" >&2
    done
    echo "$pinned" >"$peers/$name/.installed"
done

exec "$python" "$root/benches/peers.py" --peers-dir "$peers" "$@"
