#!/bin/sh
# Makes the namespace of the cycles where there is none. Histories of ended workflows are kept for 30 days.
set -eu

temporal operator namespace describe --namespace default > /dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 30d
