#!/bin/sh
# Makes the secrets of docker-compose.yml in secrets/, those that are missing. Needs openssl.
# Containers run as other users than you: the files are readable by all, their folder by you alone.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p secrets
chmod 0700 secrets

keep() {
  [ -s "secrets/$1" ] || printf '%s' "$2" > "secrets/$1"
}

for name in postgres owner service temporal grafana; do
  keep "${name}_password" "$(openssl rand -hex 24)"
done
keep database_url "postgresql://tinman_service:$(cat secrets/service_password)@postgres/tinman"
keep owner_database_url "postgresql://tinman_owner:$(cat secrets/owner_password)@postgres/tinman"
keep audit_key "$(openssl rand -hex 32)"
keep bootstrap_key "tinman_$(openssl rand -hex 16)_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"
chmod 0444 secrets/*
