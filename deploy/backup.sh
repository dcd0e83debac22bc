#!/bin/sh
# Backs a broker's data up, also while it runs, and keeps the newest backups.
#
#   deploy/backup.sh DATA-DIRECTORY BACKUP-DIRECTORY [HOW-MANY-TO-KEEP]
#
# Ends with 0 when there is a backup of sound data. BUSBAR says how the command is called. Default: busbar.

set -eu
umask 077
data=$1
folder=$2
keep=${3:-14}

mkdir -p "$folder"
file="$folder/busbar-$(date -u +%Y%m%dT%H%M%SZ).jsonl"
${BUSBAR:-busbar} store check --data "$data"
# Under another name until it is whole; whoever stops the backup leaves nothing of it.
trap 'rm -f "$file.part"' EXIT
trap 'exit 1' HUP INT TERM
${BUSBAR:-busbar} store dump --data "$data" --file "$file.part"
mv "$file.part" "$file"
echo "$file"

# The names sort by time.
ls -1 "$folder" | grep '^busbar-.*\.jsonl$' | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
  rm -f "$folder/$old"
done
# What was left by backups that had no time to clear up.
find "$folder" -name 'busbar-*.jsonl.part' -mtime +0 -exec rm -f {} +
