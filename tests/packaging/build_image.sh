#!/bin/bash
# Builds the image of the Dockerfile without a Docker engine and without a registry:
#
#     tests/packaging/build_image.sh FOLDER        (as root, with buildah and debootstrap)
#
# and leaves in FOLDER: image.json (what `docker inspect` would say) and rootfs, a link to the
# file system of the image. The base cannot be pulled, so a stand-in takes its name: a small Debian
# of the same release, with its own Python of the same version where the official image has one
# (/usr/local/bin/python, pip beside it).
# Remove FOLDER afterwards; nothing else is left behind.
set -euo pipefail

folder=$(mkdir -p "$1" && realpath "$1")
project=$(realpath "$(dirname "$0")/../..")
tag=$(sed -n 's/^ARG PYTHON_IMAGE=//p' "$project/Dockerfile")
release=${tag##*-}
python=${tag%%-*} # python:3.13
python=${python/:/}

# Everything of buildah's stays in FOLDER. vfs and chroot ask nothing of the kernel.
export XDG_RUNTIME_DIR=$folder/run TMPDIR=$folder/tmp BUILDAH_ISOLATION=chroot
mkdir -p "$XDG_RUNTIME_DIR" "$TMPDIR"
buildah() { command buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs "$@"; }
say() { echo "build_image: ${SECONDS}s $*" >&2; }

say "the stand-in for $tag"
base=$(buildah from scratch)
root=$(buildah mount "$base")
if ! debootstrap --variant=minbase --include="$python,$python-venv,ca-certificates" \
  "$release" "$root" >"$folder/debootstrap.log" 2>&1; then
  tail -n 20 "$folder/debootstrap.log" "$root/debootstrap/debootstrap.log" >&2 || true
  exit 1
fi
chroot "$root" "/usr/bin/$python" -m venv /usr/local
rm -rf "$root"/usr/share/{doc,man,locale,python-wheels} "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --cmd python3 "$base"
buildah commit --quiet --rm "$base" "docker.io/library/$tag" >/dev/null

# pip finds its index as it does on this machine: through mounts at build time, never through the
# Dockerfile, so that no trace of it is in the image.
pip_setting() {
  "${PYTHON:-python3}" -m pip config list | sed -nE "s/^(global|:env:)\.$1='(.*)'$/\2/p" | tail -n 1
}
here=$(pip_setting cert)
there=/etc/ssl/certs/ca-certificates.crt
{
  echo '[global]'
  echo "cert = $there"
  for name in index-url proxy trusted-host timeout; do
    value=$(pip_setting "$name")
    [[ -z $value ]] || echo "$name = $value"
  done
} >"$folder/pip.conf"

say 'the image'
if ! buildah build --pull-never --network host --format docker \
  --volume "$folder/pip.conf:/etc/pip.conf:ro" --volume "${here:-$there}:$there:ro" \
  --tag marketplace-sso "$project" >"$folder/build.log" 2>&1; then
  tail -n 40 "$folder/build.log" >&2
  exit 1
fi

say 'its file system'
image=$(buildah from --pull-never marketplace-sso)
buildah inspect --type image marketplace-sso >"$folder/image.json"
ln -sfn "$(buildah mount "$image")" "$folder/rootfs"
say "done, $(du -sm "$folder/rootfs/" | cut -f1) MB"
