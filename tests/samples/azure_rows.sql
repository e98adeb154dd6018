-- Charges $first to $last (excluded): what each is, before it is spread over the export's columns.
WITH placed AS (
  -- Charge j is in row i, so that all kinds of charges mix. Late records follow at the end.
  SELECT i, IF(i < $base, i * $stride % $base, i) AS j FROM range($first, $last) r(i)
), segmented AS (
  SELECT i, j, CASE WHEN j < $edge0 THEN 0 WHEN j < $edge1 THEN 1 WHEN j < $edge2 THEN 2 ELSE 3 END AS segment, j - [0, $edge0, $edge1, $edge2][1 + segment] AS item,
    [$entry_count, $vm_instances, $sql_instances, $resources][1 + segment] AS things, item % things AS n, item // things AS turn,
    -- Of the slots of a reservation, these are not used.
    segment IN (1, 2) AND item * [$vm_stride, $sql_stride][segment] % ($days * things) >= [$vm_used, $sql_used][segment] AS idle
  FROM placed
), drawn AS (
  SELECT i, j, segment, n, idle, CASE WHEN segment = 0 THEN 0 WHEN segment = 3 AND j % 97 = 19 THEN -1 WHEN segment < 3 THEN turn ELSE (turn + n * 11) % $days END AS day_no,
    -- Another revision restates every eighth charge.
    (hash(j, IF(j % 8 = 5, $amount_key, $key)) % 999999999999)::BIGINT AS a
  FROM segmented
), measured AS (
  SELECT * EXCLUDE (kind, tags), IF(is_hostile, hostile_tags(j), tags) AS tags, IF(idle, 'Unused', thing.kind) AS kind, NOT idle AND thing.kind IN ('Usage', 'Committed') AS used,
    CASE shape WHEN 0 THEN size WHEN 1 THEN least(24, round((8 + a % 900 * 0.01e0) * $growth, 2)) WHEN 2 THEN round(1 / $month_days::DOUBLE, 6)
      ELSE round(size * $growth * (0.85e0 + a % 3000 * 0.0001e0), IF(shape = 3, 6, 0)) END::DECIMAL(18, 6) AS quantity
  FROM drawn JOIN thing USING (segment, n) JOIN day USING (day_no)
), charge AS (
  SELECT *, commitment_no >= 0 AS committed, IF(kind IN ('Refund', 'Credit'), -1, 1) AS sign,
    -- A rounding of Azure has 18 decimals, so that a loader that rounds is seen.
    IF(kind = 'RoundingAdjustment', 0.000000000000000001::DECIMAL(38, 18) * (1 + a % 997), IF(kind = 'Unused', 0, sign * (quantity * price)::DECIMAL(38, 18))) AS list_cost,
    CASE WHEN kind IN ('Committed', 'Unused') THEN 0 ELSE list_cost END::DECIMAL(38, 18) AS billed,
    CASE WHEN kind = 'Purchase' THEN 0 WHEN kind IN ('Committed', 'Unused') THEN quantity * reserved ELSE list_cost END::DECIMAL(38, 18) AS effective
  FROM measured LEFT JOIN commitment USING (commitment_no)
)
