-- Charges $first to $last (excluded): what each is, before it is spread over the export's columns.
WITH drawn AS (
  SELECT i, draw_amount(i) AS a, i % 50 AS slot,
    CASE i % 50 WHEN 7 THEN 'Purchase' WHEN 13 THEN 'Unused' WHEN 19 THEN 'Refund' WHEN 31 THEN 'RoundingAdjustment' WHEN 37 THEN 'Credit'
         ELSE IF(i % 10 = 4, 'Committed', 'Usage') END AS kind,
    draw(i, 1, (SELECT count(*) FROM meter)) AS meter_no, draw(i, 2, (SELECT count(*) FROM region)) AS region_no,
    draw(i, 3, $subscriptions) AS subscription_no, IF(i % 97 = 19, 0, 1 + draw(i, 4, $days)) AS day_no,
    draw(i, 5, (SELECT count(*) FROM tag)) AS tag_no, draw(i, 6, 300) AS resource_no
  FROM range($first, $last) r(i)
), priced AS (
  SELECT *, kind IN ('Usage', 'Committed') AS used, kind IN ('Committed', 'Unused', 'Purchase') AS committed,
    concat('00000000-0000-4000-8000-', lpad(subscription_no::VARCHAR, 12, '0')) AS subscription,
    ((1 + a % 999999999) * scale)::DECIMAL(18, 0) * 0.00000001 AS quantity, IF(kind IN ('Refund', 'Credit'), -1, 1) AS sign
  FROM drawn JOIN meter USING (meter_no) JOIN region USING (region_no) JOIN day USING (day_no) JOIN tag USING (tag_no)
), charge AS (
  -- The last digits reach the eighteenth decimal, so that a loader that rounds is seen.
  SELECT *, CASE kind WHEN 'RoundingAdjustment' THEN 0.000000000000000001::DECIMAL(38, 18) * (1 + a % 997)
      ELSE (quantity * price * sign)::DECIMAL(38, 18) + 0.000000000000000001 * (a % 997) END AS list_cost,
    CASE WHEN kind IN ('Committed', 'Unused') THEN 0 ELSE list_cost END::DECIMAL(38, 18) AS billed,
    CASE WHEN kind = 'Purchase' THEN 0 WHEN kind IN ('Committed', 'Unused') THEN list_cost * 0.63 ELSE list_cost END::DECIMAL(38, 18) AS effective,
    concat('/subscriptions/', subscription, '/resourcegroups/rg-', resource_no % 9, '/providers/', lower(resource_provider), '/', lower(resource_kind), '/r-', resource_no) AS resource_id
  FROM priced
)
