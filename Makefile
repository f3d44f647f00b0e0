# What one does with Regie in a checkout. Every target first installs what is missing; nothing asks a question.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test lint format bench clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: ## Install what is missing, build the UI, start Regie and print a link
	@scripts/setup run && exec .venv/bin/regie up $(ARGS)

test: ## Install what is missing, check the code and run every test (ARGS="-k whep" picks)
	@scripts/setup test && exec scripts/test $(ARGS)

lint: ## Check style, types and layers
	@scripts/setup test && exec scripts/lint

format: ## Format the code
	@scripts/setup test && .venv/bin/ruff format src tests bench && .venv/bin/ruff check -q --fix src tests bench

bench: ## Measure what the README claims (ONLY=name measures one)
	@scripts/setup bench && exec .venv/bin/python -m bench $(if $(ONLY),--only $(ONLY))

clean: ## Remove everything that was installed or built inside this directory
	rm -rf .venv .tools .cache dist build src/regie/ui web/node_modules bench/results test-results
