# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guests' kernel and initramfs, made once and kept in the cache. Both are built in
# a directory beside their place and renamed into it, so that two labs may build at once.

# The guest needs a disk and the power button; modules in the order of loading.
GUEST_MODULES='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci
  virtio_blk evdev button'

place_in_cache() { # BUILT PLACE
  # mv -T fails when another lab was quicker: then its result serves.
  mv -T "$1" "$2" 2>/dev/null || rm -rf "$1"
  [[ -d $2 ]] || die "cannot put $2 in place"
}

build_kernel() { # PLACE
  local build package
  build=$(mktemp -d "$LAB_CACHE/build.XXXXXX")
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
  [[ -n $package ]] ||
    die 'apt knows no linux-image-cloud-amd64; run apt-get update, or see README.md'
  note "downloading $package for the guests"
  (cd "$build" && apt-get -qq download "$package" 2>download.log) ||
    die "cannot download $package: $(tail -n 1 "$build/download.log")"
  dpkg-deb -x "$build"/*.deb "$build/root"
  mkdir -p "$build/kernel/modules"
  cp "$build"/root/boot/vmlinuz-* "$build/kernel/vmlinuz"
  local module
  for module in $GUEST_MODULES; do
    find "$build/root" -name "$module.ko" -exec cp {} "$build/kernel/modules" \;
  done
  place_in_cache "$build/kernel" "$1"
  rm -rf "$build"
}

build_initramfs() { # KERNEL_DIR PLACE
  local build module
  build=$(mktemp -d "$LAB_CACHE/build.XXXXXX")
  mkdir -p "$build/root/bin" "$build/root/modules" "$build/image"
  cp "$(command -v busybox)" "$build/root/bin/busybox"
  cp "$LAB_SOURCE/guest/init" "$build/root/init"
  chmod 755 "$build/root/init"
  for module in $GUEST_MODULES; do
    [[ ! -e $1/modules/$module.ko ]] || cp "$1/modules/$module.ko" "$build/root/modules"
    echo "$module"
  done >"$build/root/modules/order"
  # Not compressed: an emulated CPU would take longer to unpack it.
  (cd "$build/root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$build/image/initramfs"
  place_in_cache "$build/image" "$2"
  rm -rf "$build"
}

# Puts vmlinuz and initramfs into DIR. The initramfs is known by what it was made of.
image_install() { # DIR
  local kernel key
  mkdir -p "$LAB_CACHE"
  kernel=$LAB_CACHE/kernel-$(sha256sum <<<"$GUEST_MODULES" | cut -c 1-12)
  [[ -d $kernel ]] || build_kernel "$kernel"
  key=$(cat "$LAB_SOURCE/guest/init" "$LAB_SOURCE/lib/image.sh" "$(command -v busybox)" "$kernel/vmlinuz" |
    sha256sum | cut -c 1-12)
  [[ -d $LAB_CACHE/initramfs-$key ]] || build_initramfs "$kernel" "$LAB_CACHE/initramfs-$key"
  mkdir -p "$1"
  cp --reflink=auto "$kernel/vmlinuz" "$LAB_CACHE/initramfs-$key/initramfs" "$1/"
}
