locals {
  _columns = jsondecode(file("${path.module}/columns.json"))

  # What each kind is called at AWS, and on the Google side.
  _kinds = {
    cur_2     = { format = "aws_cur_v2", table = "COST_AND_USAGE_REPORT" }
    cur_v1    = { format = "aws_cur_v1", table = null }
    focus_1_0 = { format = "aws_focus", table = "FOCUS_1_0_AWS" }
    focus_1_2 = { format = "aws_focus", table = "FOCUS_1_2_AWS" }
  }
  _file_formats = {
    csv     = { data_export = ["TEXT_OR_CSV", "GZIP"], report = ["textORcsv", "GZIP"] }
    parquet = { data_export = ["PARQUET", "PARQUET"], report = ["Parquet", "Parquet"] }
  }
  _overwrites = { create_new = "CREATE_NEW_REPORT", overwrite = "OVERWRITE_REPORT" }

  exports = {
    for key, export in var.exports : key => merge(export, {
      file_settings = local._file_formats[export.file_format]
      format        = "${local._kinds[export.kind].format}_${export.file_format}"
      name          = coalesce(export.name, "billing-${replace(key, "_", "-")}")
      overwrite     = local._overwrites[export.delivery]
      path          = "${coalesce(export.prefix, "exports/${key}")}/"
      prefix        = coalesce(export.prefix, "exports/${key}")
      table         = local._kinds[export.kind].table
    })
  }
  data_exports = { for key, export in local.exports : key => export if export.table != null }
  event_keys   = toset([for key, export in local.exports : key if export.events])
  reports      = { for key, export in local.exports : key => export if export.table == null }

  # A column whose table configuration is off makes AWS refuse the whole query, so these follow the same switches.
  _switches = {
    for key, export in local.data_exports : key => {
      capacity_reservations = export.kind == "cur_2" && export.capacity_reservations
      iam_principals        = export.kind == "cur_2" && export.iam_principals
      resources             = export.kind == "cur_2" && export.resources
      split_cost_allocation = export.kind == "cur_2" && export.split_cost_allocation
    }
  }
  queries = {
    for key, export in local.data_exports : key => format("SELECT %s FROM %s",
      join(", ", concat(
        local._columns[export.table].always,
        [for switch, on in local._switches[key] : local._columns[export.table][switch] if on]...
      )),
      export.table
    )
  }

  # Every key is set. AWS answers with the keys that were left out, and the provider then reports an inconsistent result
  # (hashicorp/terraform-provider-aws issues 42761, 43978, 46402). FOCUS 1.2 has one key, and FOCUS 1.0 none.
  _configurations = {
    for key, export in local.data_exports : key => merge(
      export.kind == "focus_1_0" ? {} : { TIME_GRANULARITY = upper(export.granularity) },
      export.kind != "cur_2" ? {} : {
        BILLING_VIEW_ARN                      = coalesce(var.billing_view_arn, "arn:aws:billing::${var.account_id}:billingview/primary")
        INCLUDE_CAPACITY_RESERVATION_DATA     = upper(tostring(export.capacity_reservations))
        INCLUDE_IAM_PRINCIPAL_DATA            = upper(tostring(export.iam_principals))
        INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = "FALSE" # TRUE removes the columns of discounts
        INCLUDE_RESOURCES                     = upper(tostring(export.resources))
        INCLUDE_SPLIT_COST_ALLOCATION_DATA    = upper(tostring(export.split_cost_allocation))
      },
      export.table_configuration,
    )
  }
  # An empty map of a table makes the provider fail (issue 46230), so there is no map then.
  table_configurations = {
    for key, export in local.data_exports : key =>
    length(local._configurations[key]) == 0 ? null : tomap({ (export.table) = tomap(local._configurations[key]) })
  }

  bucket_arn  = "arn:aws:s3:::${var.bucket}"
  queue_arns  = { for key in local.event_keys : key => "arn:aws:sqs:${var.region}:${var.account_id}:${local.queue_names[key]}" }
  queue_names = { for key in local.event_keys : key => "${var.role_name}-${replace(key, "_", "-")}" }
}
