-- The deposits behind DMP_ANY_INS_QUALIFIED.
SELECT d.finess_ej, d.period, d.exchange_id, d.unique_id AS subject
FROM active_deposit AS d
JOIN period AS p USING (period)
WHERE d.deposited_at >= p.starts_at AND d.deposited_at < p.ends_at AND d.ins_qualified
