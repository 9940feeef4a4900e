#!/usr/bin/env bash
# 备份 of a suite on PostgreSQL, while it serves: one file with all schemas as they stood at one
# moment, and its digest. Roles are not in it: they are the deployment's (deploy/prepare).
#
#     deploy/backup.sh postgres://user@host/yibao FOLDER       # prints the file it made
#
# The password comes from PGPASSWORD or PGPASSFILE. What was committed after that moment is not in
# the file: to lose nothing, keep a standby or the write-ahead log (deploy/OPERATIONS.md).
set -euo pipefail
[ $# = 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 64; }
url=$1 folder=$2

umask 077
mkdir -p "$folder"
name=yibao-$(date -u +%Y%m%dT%H%M%S.%NZ).dump
# Under another name until it is whole, so that what has the name can be believed.
trap 'rm -f "$folder/$name.part"' EXIT
pg_dump --no-password --format=custom --dbname="$url" --file="$folder/$name.part"
# It can be read to its end.
pg_restore --list "$folder/$name.part" >/dev/null
sync "$folder/$name.part"
mv "$folder/$name.part" "$folder/$name"
(cd "$folder" && sha256sum "$name" >"$name.sha256")
sync "$folder/$name.sha256" "$folder"
echo "$folder/$name"
