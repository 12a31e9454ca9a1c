# The records of a script's measurements, each a file in $folder/records. Scripts source this.

record() { printf '%s' "--record=$folder/records/$1.json"; }

# The rate of a load record, in requests a second.
rate_of() {
  awk -F: '
    $1 ~ /"answered"/ { n = $2 + 0 }
    $1 ~ /^ *"microseconds"/ { us = $2 + 0 }
    END { printf "%d", n * 1000000 / us }' "$folder/records/$1.json"
}
