/** What `tinman init` writes. Lines with `# ` before a setting show its default; `## ` is prose. */
export const CONFIG_TEMPLATE = `## Settings of Tinman. Every one is optional, and the values shown are the defaults.
## The command line wins over environment variables, these over .env, and that over this file.
## Keys and passwords belong into the environment or .env: ANTHROPIC_API_KEY, TINMAN_DATABASE_URL.

## Where local data is kept (TINMAN_HOME).
# home: .tinman

## Where the API listens (TINMAN_HOST, TINMAN_PORT), and its metrics (TINMAN_METRICS_PORT). Port 0 takes a free one.
# host: 127.0.0.1
# port: 8000
# metrics_port: 9090

## Beyond loopback the API needs keys (tinman keys create). The first one may come from a file.
## bootstrap_key_file names it (TINMAN_BOOTSTRAP_KEY_FILE); cors_origins are those whose pages may use the API.
# access:
#   requests_per_minute: 1200
#   cors_origins: []

## The key of the audit chain and its anchors lie in home, unless another file is named: best where whoever may change the
## database may not write (TINMAN_AUDIT_KEY_FILE, TINMAN_AUDIT_ANCHOR_FILE).

## The mode of an empty database: lab, shadow or production (TINMAN_MODE).
# mode: lab

## The risk policy, where it is not the built-in one (TINMAN_RISK_POLICY): risk_policy: {path: my_policy.yaml}
## \`tinman policy show\` shows it.

## A Temporal service that runs already (TEMPORAL_ADDRESS); without an address, \`tinman dev\` starts one.
# temporal:
#   namespace: default
#   task_queue: tinman

## The model that does the reasoning: anthropic, openai or offline, which needs no model (TINMAN_RESEARCHER).
## Left out: anthropic where ANTHROPIC_API_KEY is set, else openai where a model and a key or base URL are, else offline.
# researcher: offline
# anthropic:
#   model: claude-sonnet-5-5
#   max_output_tokens: 16000
# openai:
##   provider: ollama   # or openai, groq, openrouter, together, vllm, llamacpp; or any base_url (TINMAN_OPENAI_PROVIDER)
##   model: my-model    # TINMAN_OPENAI_MODEL
#   max_output_tokens: 16000

## The systems under test. \`demo\`, the built-in application with planted faults, is always there.
# default_target: demo
# targets:
#   my-assistant:
#     kind: openai
#     base_url: http://127.0.0.1:11434/v1
#     model: my-model
#     system_prompt: You are a helpful assistant.
#     price:
#       input_usd_per_mtok: 0
#       output_usd_per_mtok: 0
##    requests_per_minute: 60
##    max_concurrency: 4
##  Kinds anthropic and http (any JSON endpoint), and a target's own tools: see docs/targets.md.

## How experiments run.
# experiments:
#   max_parallel: 5
#   default_timeout_seconds: 300
#   cost_limit_usd: 10
#   follow_up_calls: 20
##  Your own experiment families, added to those built in: see docs/experiments.md.
##  families_dir: ./families

## How long an action of each severity waits for a person before it counts as not approved: 45s, 90m, 24h, 7d.
# approval:
#   timeouts:
#     S0: 1d
#     S1: 1d
#     S2: 7d
#     S3: 24h
#     S4: 24h
##  reject, for unattended runs: nobody is asked, what needs a person is rejected at once.
#   on_review: wait
#   require_comment: false
#   notify_on_block: true
##  Shares of the time until the deadline after which people are reminded, and others told; 0: never.
#   reminder_at: 0.5
#   escalate_at: 0.8

## How long an intervention that went live is watched: so many hours or canary replays, whichever comes first.
# deployment:
#   watch_hours: 24
#   watch_replays: 30

## Traces of applications: how long they are kept, and what is taken out of them beside secrets, addresses and cards.
# traces:
#   retention_days: 30
#   redact: []
##    - { name: order, pattern: 'ORD-[0-9]{8}' }

## In shadow mode: the share of traces without an error that is kept, and for how long traces serve as cases.
# shadow:
#   traffic_sample_rate: 1
#   replay_buffer_days: 7

## What the guarded tools may reach; see docs/tools.md. Nothing unless it stands here.
# tools:
#   http_get:
#     allow: []
##    - status.example.com
##    - '*.internal.example.com:8443'
##  sql_query:
##    url_env: READ_ONLY_DATABASE_URL

## Who is told what happens, signed; see docs/webhooks.md. Without events: everything.
# webhooks: []
##   - name: team-chat
##     url: https://hooks.example.com/tinman
##     secret_env: TEAM_CHAT_SECRET
##     events: [failure.discovered, approval.requested]

## What may be spent (TINMAN_BUDGET_USD) in a period: hourly, daily, weekly, monthly, session or unlimited.
## Calls of a target can have a budget of their own, and models prices that win over the list prices.
# cost:
#   budget_usd: 100
#   period: daily
#   warn_threshold: 0.8
#   hard_limit: true
#   targets: {}
##    my-assistant: { budget_usd: 20, period: weekly }
#   prices: {}
##    my-model: { input_usd_per_mtok: 0.15, output_usd_per_mtok: 0.6 }
##  The price of models that have none; in production they are refused.
#   worst_case:
#     input_usd_per_mtok: 15
#     output_usd_per_mtok: 75

# log:
#   level: info

## What differs in one mode: experiments and approval, as above.
# modes:
#   production:
#     experiments:
#       max_parallel: 2
#     approval:
#       timeouts:
#         S2: 24h
`;
