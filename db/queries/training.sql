Models that were trained.

-- name: tries
SELECT count(*) AS tries
FROM training_batches AS batch
WHERE batch.exchange = %(exchange)s;
