#!/bin/sh
# Makes the secrets of the local overlay in the namespace tinman, once. Needs kubectl and openssl.
set -eu

kubectl get namespace tinman > /dev/null 2>&1 || kubectl create namespace tinman
owner="$(openssl rand -hex 24)"
service="$(openssl rand -hex 24)"

kubectl --namespace tinman create secret generic postgres \
  --from-literal=password="$(openssl rand -hex 24)" \
  --from-literal=roles.sql="CREATE ROLE tinman_owner LOGIN PASSWORD '$owner';
CREATE ROLE tinman_service LOGIN PASSWORD '$service';
CREATE DATABASE tinman OWNER tinman_owner;"
kubectl --namespace tinman create secret generic tinman-owner \
  --from-literal=database-url="postgresql://tinman_owner:$owner@postgres/tinman"
kubectl --namespace tinman create secret generic tinman-secrets \
  --from-literal=database-url="postgresql://tinman_service:$service@postgres/tinman" \
  --from-literal=audit-key="$(openssl rand -hex 32)" \
  --from-literal=bootstrap-key="tinman_$(openssl rand -hex 16)_$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')"
