-- The deposits behind STAY_WITH_DMP_LDL.
SELECT s.finess_ej, s.period, d.exchange_id, s.stay_id AS subject
FROM eligible_stay AS s
JOIN active_deposit AS d USING (period, file_id)
WHERE d.type = 'LDL' AND d.first_at < s.left_at + INTERVAL 30 DAY
