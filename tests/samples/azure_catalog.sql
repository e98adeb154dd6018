-- What the company uses; service and category as Microsoft lists them for the resource's type. Prices are Azure's list prices in USD
-- per `unit_text`, in West Europe, Germany West Central and North Europe. `size` is the usual usage of a resource on one day, and `slots` its share.
CREATE TABLE meter AS SELECT row_number() OVER () - 1 AS meter_no, * FROM (VALUES
  (8, 'Virtual Machines', 'Compute', 'Virtual Machines', 'Virtual Machines', 'Dv5/Dsv5 Series', 'D4s v5', 'Compute', '1 Hour', 1, 'Hours', 0.23, 0.23, 0.214, 24, 'Microsoft.Compute', 'virtualMachines', 'vm'),
  (4, 'Virtual Machines', 'Compute', 'Virtual Machines', 'Virtual Machines', 'Ev5/Esv5 Series', 'E8s v5', 'Compute', '1 Hour', 1, 'Hours', 0.608, 0.608, 0.564, 24, 'Microsoft.Compute', 'virtualMachines', 'vm'),
  (7, 'Virtual Machines', 'Compute', 'Virtual Machines', 'Storage', 'Premium SSD Managed Disks', 'P10 LRS Disk', 'Storage', '1/Month', 1, 'Units', 21.68, 23.65, 21.68, 0, 'Microsoft.Compute', 'disks', 'disk'),
  (5, 'Storage Accounts', 'Storage', 'Object Storage', 'Storage', 'Tiered Block Blob', 'Hot LRS Data Stored', 'Storage', '1 GB/Month', 1, 'GB', 0.0196, 0.0208, 0.0184, 120, 'Microsoft.Storage', 'storageAccounts', 'acmest'),
  (3, 'Storage Accounts', 'Storage', 'Object Storage', 'Storage', 'Tiered Block Blob', 'Hot Read Operations', 'Storage', '10K', 10000, 'Operations', 0.0043, 0.0052, 0.0044, 900000, 'Microsoft.Storage', 'storageAccounts', 'acmest'),
  (4, 'Virtual Network', 'Networking', 'Network Connectivity', 'Bandwidth', 'Rtn Preference: MGN', 'Standard Data Transfer Out', 'Networking', '1 GB', 1, 'GB', 0.087, 0.087, 0.087, 35, 'Microsoft.Network', 'publicIPAddresses', 'pip'),
  (5, 'Azure SQL Database', 'Databases', 'Relational Databases', 'SQL Database', 'Single/Elastic Pool General Purpose - Compute Gen5', 'vCore', 'Databases', '1 Hour', 1, 'Hours', 0.1814, 0.1966, 0.1688, 24, 'Microsoft.Sql', 'servers', 'sql'),
  (3, 'Azure SQL Database', 'Databases', 'Relational Databases', 'SQL Database', 'Single/Elastic Pool General Purpose - Storage', 'Data Stored', 'Databases', '1 GB/Month', 1, 'GB', 0.137, 0.15, 0.127, 8, 'Microsoft.Sql', 'servers', 'sql'),
  (3, 'Azure App Service', 'Web', 'Application Platforms', 'Azure App Service', 'Premium v3 Plan - Linux', 'P1 v3 App', 'Compute', '1 Hour', 1, 'Hours', 0.165, 0.172, 0.155, 24, 'Microsoft.Web', 'serverfarms', 'plan'),
  (3, 'Azure App Service', 'Web', 'Application Platforms', 'Functions', 'Flex Consumption', 'On Demand Execution Time', 'Compute', '1 GB Second', 1, 'GB Seconds', 0.000026, 0.000026, 0.000026, 80000, 'Microsoft.Web', 'sites', 'func'),
  (3, 'Azure Monitor', 'Management and Governance', 'Observability', 'Log Analytics', 'Analytics Logs', 'Data Ingestion', 'Management and Governance', '1 GB', 1, 'GB', 2.99, 3.22, 2.76, 1.5, 'Microsoft.OperationalInsights', 'workspaces', 'log'),
  (2, 'Azure Kubernetes Service', 'Compute', 'Containers', 'Azure Kubernetes Service', 'Uptime SLA', 'Standard Uptime SLA', 'Compute', '1 Hour', 1, 'Hours', 0.1, 0.1, 0.1, 24, 'Microsoft.ContainerService', 'managedClusters', 'aks'),
  (2, 'Azure AI Services', 'AI and Machine Learning', 'Generative AI', 'Cognitive Services', 'Azure OpenAI', 'gpt 4o Input Tokens', 'AI and Machine Learning', '1K', 1000, 'Tokens', 0.0025, 0.0025, 0.0025, 900000, 'Microsoft.CognitiveServices', 'accounts', 'ai'),
  (2, 'Cosmos DB', 'Databases', 'NoSQL Databases', 'Azure Cosmos DB', 'Azure Cosmos DB autoscale', '100 RU/s', 'Databases', '1 Hour', 1, 'Hours', 0.012, 0.0125, 0.012, 960, 'Microsoft.DocumentDB', 'databaseAccounts', 'cosmos'),
  (1, 'Load Balancer', 'Networking', 'Application Networking', 'Load Balancer', 'Load Balancer', 'Standard Included LB Rules and Outbound Rules', 'Networking', '1 Hour', 1, 'Hours', 0.025, 0.025, 0.025, 24, 'Microsoft.Network', 'loadBalancers', 'lb'),
  (1, 'Key Vault', 'Security', 'Secret Management', 'Key Vault', 'Key Vault', 'Operations', 'Security', '10K', 10000, 'Operations', 0.03, 0.03, 0.03, 60000, 'Microsoft.KeyVault', 'vaults', 'kv')
) t(slots, service, category, subcategory, meter_category, meter_subcategory, meter, family, unit_text, block, unit, usd0, usd1, usd2, size, resource_provider, resource_kind, word);

CREATE TABLE region AS SELECT row_number() OVER () - 1 AS region_no, * FROM (VALUES
  ('westeurope', 'West Europe', 'EU West'), ('germanywestcentral', 'Germany West Central', 'DE West Central'), ('northeurope', 'North Europe', 'EU North')
) t(region, region_name, sku_region);

-- Tags are JSON in a string. Only resources of the team qa have quotes, line breaks, text beyond ASCII and two spellings of a key.
CREATE MACRO hostile_tags(k) AS ['{"env":"prod","Team":"QA","team":"qa"}', '{"owner":"Zoë, \"the boss\"","stadt":"Zürich 東京 🚀","team":"qa"}',
  '{"note":"two\nlines","team":"qa"}', '{"cost center":"4711","empty":"","team":"qa"}'][1 + k % 4];

CREATE MACRO draw(k, salt, n) AS (hash(k, $company, salt) % n)::BIGINT;

-- Reservations, with what they cost in this month. `reserved` is the price of one hour.
CREATE TABLE commitment AS SELECT * FROM (VALUES $commitments) t($commitment_columns);

-- Charges without a resource: purchases, refunds, credits and roundings, in EUR.
CREATE TABLE entry AS SELECT * FROM (VALUES
  ('vm_reservation', 'Purchase', 'Virtual Machines', 'Compute', 'Virtual Machines', 'Virtual Machines', 'Dv5/Dsv5 Series', 'D4s v5', 'Compute', '1 Month', 'Units', 0, 0),
  ('sql_reservation', 'Purchase', 'Azure SQL Database', 'Databases', 'Relational Databases', 'SQL Database', 'Single/Elastic Pool General Purpose - Compute Gen5', 'vCore', 'Databases', '1 Month', 'Units', 0, 1),
  ('support', 'Fee', 'Azure Support', 'Management and Governance', 'Support', 'Azure Support', 'Standard Support', 'Standard Support', 'Azure Support', '1 Month', 'Units', 92.378752886836, -1),
  ('subscription', 'Fee', 'Azure Marketplace', 'Other', 'Other (Other)', 'SaaS', 'Orbit Observability Pro', 'Monthly plan', 'Azure Marketplace Services', '1 Month', 'Units', $subscription, -1),
  ('refund', 'Refund', 'Azure Marketplace', 'Other', 'Other (Other)', 'SaaS', 'Orbit Observability Pro', 'Monthly plan', 'Azure Marketplace Services', '1 Month', 'Units', $refund, -1),
  ('credit', 'Credit', 'Virtual Machines', 'Compute', 'Virtual Machines', 'Virtual Machines', 'Ev5/Esv5 Series', 'E8s v5', 'Compute', '1 Hour', 'Hours', $credit, -1),
  ('rounding', 'RoundingAdjustment', 'Virtual Machines', 'Compute', 'Virtual Machines', 'Virtual Machines', 'Ev5/Esv5 Series', 'E8s v5', 'Compute', '1 Hour', 'Hours', 0, -1)
) t(entry, kind, service, category, subcategory, meter_category, meter_subcategory, meter, family, unit_text, unit, fee, commitment_no);

-- Everything that a charge can be about. The segment says how it is charged: 0 an entry, 1 and 2 reserved, 3 as used.
-- The same resources, owners and tags occur in every month. `price` is EUR for one unit, in twelve decimals as Azure converts.
CREATE TABLE thing AS
WITH slot AS (
  SELECT row_number() OVER (ORDER BY copy, meter_no) - 1 AS slot_no, meter_no FROM meter, UNNEST(range(slots)) c(copy)
), owned AS (
  SELECT 3 AS segment, n, slot.meter_no FROM range($resources) r(n) JOIN slot ON slot_no = n % (SELECT count(*) FROM slot)
  UNION ALL SELECT 1, n, meter_no FROM range($vm_instances) r(n) JOIN meter ON meter = 'D4s v5'
  UNION ALL SELECT 2, n, meter_no FROM range($sql_instances) r(n) JOIN meter ON meter = 'vCore'
), placed AS (
  SELECT *, n * 4 + segment AS thing_key, segment = 3 AND n % 25 = 7 AS is_hostile, IF(segment < 3, 0, [0, 0, 1, 2][1 + draw(n * 4 + segment, 1, 4)]) AS region_no,
    (n + n // 5 + n // 60) % $subscriptions AS subscription_no, ['shop', 'web', 'etl', 'search', 'billing', 'reports'][1 + draw(n * 4 + segment, 2, 6)] AS app,
    ['platform', 'data', 'web', 'ops'][1 + draw(n * 4 + segment, 3, 4)] AS team, ['prod', 'prod', 'test'][1 + draw(n * 4 + segment, 4, 3)] AS env, draw(n * 4 + segment, 5, 24) AS tagging
  FROM owned JOIN meter USING (meter_no)
), priced AS (
  SELECT *, concat('00000000-0000-4000-8000-', lpad(subscription_no::VARCHAR, 12, '0')) AS subscription, concat('rg-', app, '-', env) AS resource_group,
    concat(word, IF(word = 'acmest', '', '-'), app, IF(word = 'acmest', '', '-'), n) AS resource_name,
    ([usd0, usd1, usd2][1 + region_no]::DECIMAL(18, 10) / block * $exchange_rate)::DECIMAL(18, 12) AS price
  FROM placed JOIN region USING (region_no)
)
SELECT segment, n, meter_no, meter_no * 4 + region_no AS price_no, subscription_no, subscription, service, category, subcategory, meter_category, meter_subcategory, meter, family, unit_text, block, unit,
  price, region, region_name, sku_region, resource_provider, resource_kind, resource_group, resource_name,
  concat('/subscriptions/', subscription, '/resourcegroups/', resource_group, '/providers/', lower(resource_provider), '/', lower(resource_kind), '/', resource_name) AS resource_id,
  CASE WHEN tagging = 0 THEN '' WHEN tagging = 1 THEN NULL WHEN tagging = 2 THEN '{}'
    ELSE concat('{"env":"', env, '","team":"', team, '"}') END AS tags, is_hostile,
  CASE WHEN segment < 3 OR unit = 'Hours' AND n % 2 = 0 OR word IN ('aks', 'lb', 'plan') THEN 0 WHEN word = 'vm' THEN 1 WHEN size = 0 THEN 2 WHEN unit IN ('GB', 'GB Seconds') THEN 3 ELSE 4 END AS shape,
  (size * IF(unit = 'Hours', 1, 0.25 + draw(thing_key, 6, 1500) * 0.001))::DOUBLE AS size,
  CASE segment WHEN 1 THEN 0 WHEN 2 THEN 1 ELSE -1 END AS commitment_no, IF(segment = 3, 'Usage', 'Committed') AS kind, '' AS entry
FROM priced
UNION ALL
SELECT 0, wanted.n, 90 + wanted.n, 4 * (90 + wanted.n), 0, '00000000-0000-4000-8000-000000000000', service, category, subcategory, meter_category, meter_subcategory, meter, family, unit_text, 1, unit,
  IF(kind = 'Purchase', instalment, fee)::DECIMAL(18, 12), 'westeurope', 'West Europe', 'EU West', IF(commitment_no >= 0, 'Microsoft.Capacity', 'Microsoft.SaaS'),
  IF(commitment_no >= 0, 'reservationOrders', 'resources'), '', '', '', '', false, 0, 1, commitment_no, kind, entry
FROM entry JOIN (VALUES $entries) wanted(n, entry) USING (entry) LEFT JOIN commitment USING (commitment_no);

-- Days charged; -1 is the day before the month: some corrections come late.
CREATE TABLE day AS SELECT day_no, TIMESTAMP '$start' + INTERVAL 1 DAY * day_no AS charge_start FROM range(-1, $days) r(day_no);
