# SPDX-License-Identifier: MIT
# Ashlar's front door: every target a person types. `make help` lists them; how the kernel is compiled is in
# scripts/kernel.mk, what it is compiled from in Kbuild and */Kbuild.
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:

O ?= build
CACHE := $(or $(ASHLAR_CACHE),$(HOME)/.cache/ashlar)
PY := python3

.PHONY: all
all: $(O)/Image

ifneq ($(filter-out help clean distclean,$(or $(MAKECMDGOALS),all)),)
include scripts/kernel.mk
endif
include scripts/targets.mk
