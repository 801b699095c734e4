What the feed of each exchange key is at, by its collector.

-- name: feed_states
SELECT
    known.exchange AS exchange,
    known.state AS state,
    known.sentence AS sentence,
    EXTRACT(EPOCH FROM clock_timestamp() - known.seen_at)::double precision AS unheard_s
FROM feed_states AS known;

-- name: collector_leases
SELECT
    lease.exchange AS exchange,
    lease.holder AS holder,
    EXTRACT(EPOCH FROM clock_timestamp() - lease.renewed_at)::double precision AS renewed_s
FROM collector_leases AS lease
ORDER BY lease.exchange;

-- name: chain_ages
SELECT
    head.exchange AS exchange,
    head.source AS source,
    greatest(
        0,
        EXTRACT(EPOCH FROM clock_timestamp() - head.updated_at)
    )::double precision AS age_s
FROM chain_summary AS head
WHERE head.updated_at IS NOT NULL
ORDER BY head.exchange;
