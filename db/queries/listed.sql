What the exchanges listed.

-- name: expiries
SELECT DISTINCT contract.expiry AS expiry
FROM instruments AS contract
WHERE contract.underlying = %(underlying)s
  AND contract.exchange = %(segment)s
  AND contract.kind = 'CE'
  AND contract.last_day >= %(day)s
  AND contract.expiry >= %(day)s
ORDER BY contract.expiry;
