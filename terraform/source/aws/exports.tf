# AWS reads the bucket's policy while it creates an export, so the policy must exist before: "S3 bucket permission
# validation failed".

resource "aws_bcmdataexports_export" "exports" {
  for_each = local.data_exports
  provider = aws.billing

  tags = var.tags

  export {
    name = each.value.name

    data_query {
      query_statement      = local.queries[each.key]
      table_configurations = local.table_configurations[each.key]
    }
    destination_configurations {
      s3_destination {
        s3_bucket = var.bucket
        s3_prefix = each.value.prefix
        s3_region = var.region

        s3_output_configurations {
          compression = each.value.file_settings.data_export[1]
          format      = each.value.file_settings.data_export[0]
          output_type = "CUSTOM"
          overwrite   = each.value.overwrite
        }
      }
    }
    refresh_cadence {
      frequency = "SYNCHRONOUS" # the only one: AWS delivers when the costs change
    }
  }

  depends_on = [aws_s3_bucket_policy.exports, aws_s3_bucket_server_side_encryption_configuration.exports]
}

resource "aws_cur_report_definition" "reports" {
  for_each = local.reports
  provider = aws.billing

  additional_schema_elements = compact([
    each.value.resources ? "RESOURCES" : "", each.value.split_cost_allocation ? "SPLIT_COST_ALLOCATION_DATA" : ""
  ])
  compression            = each.value.file_settings.report[1]
  format                 = each.value.file_settings.report[0]
  refresh_closed_reports = true # refunds and credits change closed months
  report_name            = each.value.name
  report_versioning      = each.value.overwrite
  s3_bucket              = var.bucket
  s3_prefix              = each.value.prefix
  s3_region              = var.region
  tags                   = var.tags
  time_unit              = upper(each.value.granularity)

  depends_on = [aws_s3_bucket_policy.exports, aws_s3_bucket_server_side_encryption_configuration.exports]
}
