"""The rules of agents from 1.18 on: tables of frontends and backends, joined."""
