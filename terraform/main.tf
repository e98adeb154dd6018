locals {
  # The settings that follow from the format. Terraform and the functions read the same file.
  _formats = jsondecode(file("${path.module}/../functions/billing/schemas/formats.json"))
  _formats_of = {
    for provider in distinct([for format in local._formats : format.provider]) :
    provider => [for name, format in local._formats : name if format.provider == provider]
  }

  _aws = {
    for key, source in var.aws_sources : "aws_${key}" => merge(source, {
      provider  = "aws"
      schema    = local._formats[source.format].table_schema
      sink_path = "aws/${key}/"
    })
  }
  _azure = {
    for key, source in var.azure_sources : "azure_${key}" => merge(source, {
      provider  = "azure"
      schema    = replace(local._formats[source.format].table_schema, "{version}", coalesce(source.focus_version, "none"))
      sink_path = "azure/${key}/"
    })
  }

  _fields = {
    for key, source in local.sources : key => {
      BUCKET         = local.landing_buckets[source.provider]
      DATASET        = source.dataset
      EXPORT_NAME    = source.export_name
      FORMAT         = source.format
      ON_SHRINK      = source.on_shrink
      PREFIX         = source.sink_path
      SETTLE_HOURS   = tostring(source.settle_hours)
      SHRINK_PERCENT = tostring(source.shrink_percent)
      SOURCE_PATH    = source.path
      TABLE_NAME     = source.table
      TYPE_OVERRIDES = jsonencode(source.type_overrides)
    }
  }

  _google_export = (
    var.google_billing_export == null ? null
    : zipmap(["project_id", "dataset_id"], slice(split(".", var.google_billing_export), 0, 2))
  )
  _is_own = (
    try(local._google_export.project_id, null) == var.project_id
    && contains(setunion(local.datasets, [local.focus_dataset]), try(local._google_export.dataset_id, ""))
  )

  bookkeeping_bucket = coalesce(var.existing.bookkeeping_bucket, "${var.project_id}-${var.prefix}-bookkeeping")
  datasets           = toset([for source in local.sources : source.dataset])

  # All functions share one environment, because the views of a dataset are built from all its sources. Every value is
  # known at plan: an unknown value here makes the plan inconsistent (hashicorp/terraform-provider-google issue 22497).
  # No value is empty: the provider keeps the old value of a variable that becomes empty, and reports no difference.
  environment = { for name, value in local._environment : name => value if value != "" }
  _environment = merge(
    {
      BOOKKEEPING_BUCKET                = local.bookkeeping_bucket
      DESTINATION__BIGQUERY__LOCATION   = var.bigquery_location
      DESTINATION__BIGQUERY__PROJECT_ID = var.project_id
      FOCUS_DATASET                     = local.focus_dataset
    },
    var.google_billing_export == null ? {} : { GOOGLE_BILLING_EXPORT = var.google_billing_export },
    [
      for key, fields in local._fields : {
        for field, value in fields : "SOURCES__${upper(key)}__${field}" => value
      }
    ]...
  )

  # As the loader names them. The metrics need the names before the functions exist, and known at plan.
  function_names = [for task in concat([for provider in local.providers : "load-${provider}"], ["sweep"]) : "${var.prefix}-${task}"]

  focus_dataset = coalesce(var.focus_dataset, "${replace(var.prefix, "-", "_")}_focus")

  # The grants are on the dataset, so the table's name is not needed. The system's own datasets have their grants already:
  # a second entry for the same account would go with whichever is removed first.
  google_export = local._google_export == null || local._is_own ? null : local._google_export

  landing_buckets = {
    for provider in local.providers :
    provider => lookup(var.existing.landing_buckets, provider, "${var.project_id}-${var.prefix}-landing-${provider}")
  }

  # One location for buckets, triggers and datasets: a trigger must be where its bucket is, and BigQuery loads only from
  # a bucket in the dataset's location. Cloud Storage spells locations in upper case, Eventarc in lower case.
  location   = var.bigquery_location
  project_id = module.project.project_id
  providers  = toset([for source in local.sources : source.provider])

  schemas = "${path.module}/../functions/billing/schemas"
  sources = {
    for key, source in merge(local._aws, local._azure) : key => {
      cluster          = local._formats[source.format].cluster
      column_types     = local._formats[source.format].file_format == "CSV" ? source.type_overrides : {}
      dataset          = coalesce(source.dataset_id, replace(var.prefix, "-", "_"))
      execution_column = local._formats[source.format].execution_column
      export_name      = source.export_name
      format           = source.format
      on_shrink        = source.on_shrink
      partition        = local._formats[source.format].partition
      path             = source.path
      provider         = source.provider
      schema           = source.schema
      settle_hours     = source.settle_hours
      shrink_percent   = source.shrink_percent
      sink_path        = source.sink_path
      table            = coalesce(source.table_name, key)
      type_overrides   = source.type_overrides
    }
  }

  # The names that each source takes in its dataset. Two sources in one table would replace each other's months.
  tables = flatten([
    for source in local.sources : [
      for suffix in concat(["", "_load_tracking", "_loads"], local._formats[source.format].maps ? ["_charges"] : []) :
      "${source.dataset}.${source.table}${suffix}"
    ]
  ])

  # With the daily jobs beside event streams, as aws_cur_daily. Which jobs there are is known at plan.
  transfer_jobs = merge(concat(
    [{ for key, transfer in module.transfer_aws : "aws_${key}" => transfer.job }],
    [{ for key, transfer in module.transfer_azure : "azure_${key}" => transfer.job }],
    [for key, transfer in module.transfer_aws : { for name, job in transfer.daily_jobs : "aws_${key}_${name}" => job }],
    [for key, transfer in module.transfer_azure : { for name, job in transfer.daily_jobs : "azure_${key}_${name}" => job }],
  )...)
}
