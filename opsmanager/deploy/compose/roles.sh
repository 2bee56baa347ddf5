#!/bin/sh
# Run once by the image of PostgreSQL, in an empty data folder: two roles, of which only the one that
# migrates owns the tables, so that whoever runs as the other can't change the audit trail.
set -eu

owner=$(cat /run/secrets/postgres_owner_password)
role=$(cat /run/secrets/postgres_password)

psql --set ON_ERROR_STOP=1 --set owner="$owner" --set role="$role" --username postgres <<'SQL'
CREATE ROLE opsmanager_owner LOGIN PASSWORD :'owner';
CREATE ROLE opsmanager LOGIN PASSWORD :'role';
CREATE DATABASE opsmanager OWNER opsmanager_owner;
SQL
