-- The attempts behind DMPTRY_REJECTED.
SELECT t.finess_ej, p.period, t.exchange_id, coalesce(t.codes ->> '$[0]', t.outcome) AS subject
FROM deposit_try AS t
JOIN period AS p ON t.tried_at >= p.starts_at AND t.tried_at < p.ends_at
WHERE t.is_rejected
