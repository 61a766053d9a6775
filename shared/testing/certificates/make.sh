#!/usr/bin/env bash
# Makes the certificates in this folder: for tests alone, their keys are public. Valid from 2024 to 2124; the CAs' keys are thrown away.
# Needs openssl 3. A certificate is NAME.pem, its key NAME.key.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly work from=20240101000000Z to=21240101000000Z
touch "$work/index"
cat >"$work/ca.cnf" <<CNF
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
[dn]
CNF

# sign REQUEST OUT EXTENSIONS ARGUMENT...: signs with the dates above
sign() {
  printf '%s\n' "$3" >"$work/ext"
  openssl ca -batch -notext -config "$work/ca.cnf" -startdate "$from" -enddate "$to" -extfile "$work/ext" -in "$1" -out "$2" "${@:4}" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
}

# request NAME SUBJECT KEY
request() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$3"
  openssl req -new -config "$work/ca.cnf" -key "$3" -subj "$2" -out "$work/$1.csr"
}

# ca NAME COMMON_NAME
ca() {
  request "$1" "/CN=$2" "$work/$1.key"
  sign "$work/$1.csr" "$1.pem" $'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign' -selfsign -keyfile "$work/$1.key"
}

# leaf NAME CA SUBJECT USAGE ALTERNATIVE_NAMES
leaf() {
  request "$1" "$3" "$1.key"
  sign "$work/$1.csr" "$1.pem" "basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=$4
subjectAltName=$5" -cert "$2.pem" -keyfile "$work/$2.key"
}

ca ca 'Causeway test CA'
ca foreign-ca 'Another test CA'
leaf gateway ca '/CN=gateway.test' serverAuth 'DNS:localhost,DNS:gateway.test,IP:127.0.0.1,IP:::1'
leaf gateway-renewed ca '/CN=gateway-renewed.test' serverAuth 'DNS:localhost,DNS:gateway.test,IP:127.0.0.1,IP:::1'
leaf meter ca '/O=Causeway/CN=meter-7' clientAuth 'DNS:meter-7.test'
leaf nameless-meter ca '/O=Causeway' clientAuth 'URI:spiffe://causeway.test/meter/8'
leaf stranger foreign-ca '/CN=meter-7' clientAuth 'DNS:meter-7.test'
