#!/bin/bash
# vcam_vm.sh COMMAND [ARGS...]   run COMMAND in a small Linux guest that has real v4l2loopback devices.
#
# The guest is a User-Mode Linux kernel with v4l2loopback built in: no KVM, no root, user code at native speed, one
# processor. It sees the host's files read-only under a throw-away overlay, so that paths (a checkout, its virtual
# environment) work unchanged. The kernel is built once, which takes 4 to 11 minutes, and kept in the cache folder.
# Exits with the command's code; 125: the guest failed, 124: it ran out of time, 2: wrong use.
#
# VCAM_VM_CACHE    folder of the kernel        (~/.cache/vcam-vm)
# VCAM_VM_MODARGS  v4l2loopback's parameters   ("devices=1 video_nr=10 exclusive_caps=0 max_buffers=4 card_label=livecam")
# VCAM_VM_OUT      a folder of the host that the guest may write, at the same path
# VCAM_VM_BELL     a FIFO of the host: what is written there is read in the guest from /dev/tty3
# VCAM_VM_ENV      names of further variables to pass on; PATH, HOME, LANG, PYTHONPATH always are
# VCAM_VM_MEMORY   memory (2G)     VCAM_VM_SECONDS  time limit (600)
set -euo pipefail

fail() { echo "vcam_vm: $*" >&2; exit 125; }
[ $# -ge 1 ] || { sed -n '2,16p' "$0" >&2; exit 2; }
[ "$(uname -m)" = x86_64 ] || fail "only x86-64 is handled"

cache=${VCAM_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vcam-vm}
module_arguments=${VCAM_VM_MODARGS:-devices=1 video_nr=10 exclusive_caps=0 max_buffers=4 card_label=livecam}
shared=${VCAM_VM_OUT:-}
limit=${VCAM_VM_SECONDS:-600}
[ -z "$shared" ] || [ -d "$shared" ] || fail "VCAM_VM_OUT is not a folder: $shared"
mkdir -p "$cache/debs" || fail "cannot make $cache"
cache=$(cd "$cache" && pwd -P)
log=$cache/build-uml.log
kernel=$cache/linux-2  # the number counts changes of how it is built

fetch() {  # fetch PACKAGE...: download Debian packages, not installing them
  local package
  for package in "$@"; do
    ls "$cache/debs/${package}"_*.deb >/dev/null 2>&1 && continue
    (cd "$cache/debs" && apt-get download -q "$package" >>"$log" 2>&1) \
      || fail "cannot download $package (run apt-get update?); see $log"
  done
}

unpack() {  # unpack FOLDER PACKAGE...
  local folder=$1 package
  shift
  mkdir -p "$folder"
  for package in "$@"; do
    dpkg-deb -x "$(ls -v "$cache/debs/${package}"_*.deb | tail -1)" "$folder" || fail "cannot unpack $package"
  done
}

get_busybox() {
  fetch busybox-static
  unpack "$cache/busybox.unpacked" busybox-static
  mv "$(find "$cache/busybox.unpacked" -path "*bin/busybox" -type f)" "$cache/busybox"
  rm -rf "$cache/busybox.unpacked"
}

kernel_options() {
  local option
  # media needs I/O memory, which UML has only by way of its PCI emulation: UML_PCI_OVER_VIRTIO.
  for option in 64BIT LD_SCRIPT_DYN HOSTFS OVERLAY_FS TMPFS SHMEM DEVTMPFS PROC_FS PROC_SYSCTL SYSFS BLOCK \
    BINFMT_ELF BINFMT_SCRIPT MULTIUSER PRINTK BUG FUTEX EPOLL SIGNALFD TIMERFD EVENTFD AIO ADVISE_SYSCALLS \
    MEMBARRIER POSIX_TIMERS HIGH_RES_TIMERS NO_HZ_IDLE FILE_LOCKING FHANDLE INOTIFY_USER SYSVIPC POSIX_MQUEUE \
    MEMFD_CREATE NAMESPACES UTS_NS IPC_NS USER_NS PID_NS NET_NS SECCOMP TTY UNIX98_PTYS STDERR_CONSOLE NULL_CHAN \
    NET UNIX INET PCI VIRTIO_UML UML_PCI_OVER_VIRTIO HW_RANDOM UML_RANDOM MEDIA_SUPPORT MEDIA_CAMERA_SUPPORT \
    VIDEO_DEV CC_OPTIMIZE_FOR_PERFORMANCE; do
    echo "CONFIG_$option=y"
  done
  echo 'CONFIG_KERNEL_STACK_ORDER=4'  # room for the registers below, which signal handlers keep on the stack
  echo 'CONFIG_CON_ZERO_CHAN="fd:0,fd:1"'
  echo 'CONFIG_CON_CHAN="null"'
}

build_tools() {  # what a kernel build needs beside gcc and make, from packages where it is not installed
  local build=$1 tool missing=()
  for tool in bc flex bison m4; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  fetch "${missing[@]}"
  unpack "$build/tools" "${missing[@]}"
  export PATH=$build/tools/usr/bin:$PATH
  [ ! -d "$build/tools/usr/share/bison" ] || export BISON_PKGDATADIR=$build/tools/usr/share/bison
  M4=$(command -v m4); export M4
}

build_kernel() {
  local build=$cache/uml.build compiler=gcc source option
  command -v gcc-12 >/dev/null && compiler=gcc-12
  for option in "$compiler" make apt-get dpkg-deb; do command -v "$option" >/dev/null || fail "$option is needed"; done
  rm -rf "$build"; mkdir -p "$build"; : >"$log"
  build_tools "$build"
  fetch linux-source-6.1 v4l2loopback-dkms
  echo "vcam_vm: building the kernel, 4 to 11 minutes (log: $log)" >&2
  unpack "$build/packages" linux-source-6.1 v4l2loopback-dkms
  tar -C "$build" -xf "$build"/packages/usr/src/linux-source-*.tar.xz \
    --exclude='*/drivers/gpu/*.[ch]' --exclude='*/drivers/net/ethernet/*.[ch]' \
    --exclude='*/drivers/net/wireless/*.[ch]' --exclude='*/sound/*.[ch]' || fail "cannot unpack the kernel"
  source=$(echo "$build"/linux-source-*)
  mkdir "$source/drivers/media/v4l2loopback"
  cp "$build"/packages/usr/src/v4l2loopback-*/*.[ch] "$source/drivers/media/v4l2loopback/"
  echo 'obj-y += v4l2loopback.o' >"$source/drivers/media/v4l2loopback/Makefile"
  echo 'obj-$(CONFIG_VIDEO_DEV) += v4l2loopback/' >>"$source/drivers/media/Makefile"
  # Linux 6.1's guests keep 2,696 bytes of a process's vector registers: enough for AVX-512. Where the processor
  # has AMX (Intel since 2023) the host refuses to set fewer than all of its 11,008.
  sed -i 's/HOST_FP_SIZE, 2696/HOST_FP_SIZE, 16384/' "$source/arch/x86/um/user-offsets.c"
  grep -q 'HOST_FP_SIZE, 16384' "$source/arch/x86/um/user-offsets.c" || fail "the kernel's sources have changed"
  kernel_options >"$build/options"
  cd "$source"
  KCONFIG_ALLCONFIG=$build/options make ARCH=um CC=$compiler allnoconfig >>"$log" 2>&1 \
    || fail "the kernel's configuration failed; see $log"
  for option in HOSTFS OVERLAY_FS DEVTMPFS HAS_IOMEM VIDEO_DEV HIGH_RES_TIMERS UNIX; do
    grep -q "^CONFIG_$option=y" .config || fail "kernel option $option did not stick; see $source/.config"
  done
  nice -n 5 make ARCH=um CC=$compiler -j"$(nproc)" linux >>"$log" 2>&1 || fail "the build failed; see $log"
  strip -g -o "$kernel.new" linux
  cd /
  mv "$kernel.new" "$kernel"
  rm -rf "$build"
}

exec 9>"$cache/lock"
flock 9
[ -x "$cache/busybox" ] || get_busybox
[ -x "$kernel" ] || (build_kernel)
flock -u 9
exec 9>&-

run=$(mktemp -d "$cache/run.XXXXXX")
trap 'rm -rf "$run"' EXIT
mkdir "$run/share"

{
  echo '#!/bin/sh'
  for name in PATH HOME LANG PYTHONPATH ${VCAM_VM_ENV:-}; do
    [ -z "${!name+x}" ] || printf 'export %s=%q\n' "$name" "${!name}"
  done
  printf 'cd %q || exit 125\nexec' "$PWD"
  printf ' %q' "$@"
  echo
} >"$run/command"

cat >"$run/init" <<EOF_INIT
#!$cache/busybox sh
b=$cache/busybox root=/mnt/root
\$b mount -t proc proc /proc
\$b mount -t tmpfs tmpfs /mnt
\$b mkdir -p /mnt/upper /mnt/work \$root
\$b mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay \$root || \$b poweroff -f
\$b mount -t devtmpfs dev \$root/dev
\$b mount -t proc proc \$root/proc
\$b mount -t sysfs sys \$root/sys
\$b mkdir -p \$root/dev/shm \$root/dev/pts
\$b mount -t tmpfs shm \$root/dev/shm
\$b mount -t devpts pts \$root/dev/pts
\$b chmod 1777 \$root/dev/shm
\$b chmod 666 \$root/dev/video*
\$b ln -sfn /proc/self/fd \$root/dev/fd
\$b ifconfig lo 127.0.0.1 up
\$b mount -t hostfs -o "$run/share" none "\$root$run/share"
[ -z "$shared" ] || { \$b mkdir -p "\$root$shared"; \$b mount -t hostfs -o "$shared" none "\$root$shared"; }
\$b stty -F \$root/dev/tty1 -opost
\$b stty -F \$root/dev/tty2 -opost
\$b chroot \$root /bin/sh "$run/command" </dev/null >\$root/dev/tty1 2>\$root/dev/tty2
echo \$? >\$root$run/share/code
\$b sync
\$b sleep 0.2
\$b poweroff -f
EOF_INIT
chmod +x "$run/init" "$run/command"

parameters=
if [ -n "${VCAM_VM_BELL:-}" ]; then
  exec 5<>"$VCAM_VM_BELL"
  parameters=" con3=fd:5,null"
fi
for word in $module_arguments; do parameters="$parameters v4l2loopback.$word"; done
exec 3>&1 4>&2
code=0
timeout -k 10 "$limit" "$kernel" mem="${VCAM_VM_MEMORY:-2G}" root=none rootfstype=hostfs rootflags=/ ro \
  init="$run/init" quiet con=null con0=null,fd:1 con1=null,fd:3 con2=null,fd:4 $parameters \
  </dev/null >"$run/console" 2>&1 &
guest=$!
trap 'kill "$guest" 2>/dev/null || true' INT TERM HUP  # whoever ends this script ends the guest
wait "$guest" || code=$?
while kill -0 "$guest" 2>/dev/null; do code=0; wait "$guest" || code=$?; done  # a signal ends `wait` early
[ "$code" -ne 124 ] && [ "$code" -ne 137 ] || { echo "vcam_vm: out of time after $limit s" >&2; exit 124; }
[ -s "$run/share/code" ] || { tail -n 25 "$run/console" >&2; fail "the guest ended without running the command"; }
exit "$(cat "$run/share/code")"
