-- EVIDENCE_MSS_WHITELIST: valid proofs that the establishment's domain is on the trust list.
-- Source: indicator catalogue (evidence) and §5, HOPEN-P4.2.
SELECT e.finess_ej, p.period, count(*) AS count
FROM evidence AS e
JOIN period AS p ON e.proven_on < p.ends_at
WHERE e.code = 'mss_whitelist' AND (e.valid_until IS NULL OR e.valid_until >= p.ends_at)
GROUP BY e.finess_ej, p.period
