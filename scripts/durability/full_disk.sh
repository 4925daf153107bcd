#!/usr/bin/env bash
# A full disk under SQLite: writes are answered 503 with Retry-After, never 500; nothing acknowledged
# is lost; the service goes on without a restart once there is space again.
#
#   sudo scripts/durability/full_disk.sh [binary]
#
# Needs root, to mount a small tmpfs.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3 mount umount
find_binary "${1:-}"
[ "$(id -u)" = 0 ] || die "mounting a tmpfs needs root"

disk="$work/disk"
unmount() {
  end_services
  umount "$disk"
}

say "preparing"
prepare "$work/seed" ""
# Room for the data that are there, 8 MiB to fill, and a ballast that is thrown off later: so much
# that two seconds of writes cannot fill the disk a second time.
seed=$(du -sk "$work/seed" | cut -f 1)
mkdir "$disk"
mount -t tmpfs -o "size=$((seed + 8192 + 65536))k" tmpfs "$disk"
at_end unmount
cp -a "$work/seed/." "$disk"
dd if=/dev/zero of="$disk/ballast" bs=1024 count=65536 status=none
acks="$work/acks"
touch "$acks"

# Writes and tells what was answered.
write() {
  local result
  result=$(python3 "$load" write --base "$base" --token "$token" --acks "$acks" "$@") || exit 1
  say "answers: $result"
}

get() {
  local result
  result=$(python3 "$load" get --base "$base" "$@") || exit 1
  say "$*: $result" | sed 's/--[a-z]* [^ ]* //g'
}

verify() {
  local result
  result=$(python3 "$load" verify --base "$base" --token "$token" --prefix full_ --acks "$acks") || exit 1
  say "$result"
}

serve "$disk" ""
sign_in
say "writing until the disk is full"
write --prefix full_a --seconds 300 --until-refused --expect 201 --expect 503
df -k "$disk" | tail -n 1
say "writing on for 10 s"
write --prefix full_b --seconds 10 --expect 503
say "while it is full:"
get /health/live
get --token "$token" '/api/v1/reporting/periods?limit=1'
get --username "$admin_name" --password "$admin_password" /api/v1/auth/token
say "throwing off the ballast"
rm "$disk/ballast"
sleep 2
# Whatever was refused for want of space must not be refused any more.
write --prefix full_c --seconds 2 --connections 4 --expect 201 --refuse 503
verify
stop "$pid"
verify_journal "$disk" ""
serve "$disk" ""
sign_in
say "after a restart:"
verify
say "done: a full disk cost nothing that was acknowledged"
