# Exports of every kind, with a new and an existing bucket, with and without events.

mock_provider "aws" {
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/billing-transfer" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { id = "acme-billing-exports" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:123456789012:billing-transfer-cur"
      url = "https://sqs.eu-west-1.amazonaws.com/123456789012/billing-transfer-cur"
    }
  }
}

mock_provider "aws" {
  alias = "billing"
}

variables {
  account_id        = "123456789012"
  bucket            = "acme-billing-exports"
  google_subject_id = "112233445566778899001"
  region            = "eu-west-1"
}

run "defaults" {
  assert {
    condition = output.aws_sources == {
      cur = {
        bucket       = "acme-billing-exports"
        event_stream = null
        export_name  = "billing-cur"
        format       = "aws_cur_v2_parquet"
        path         = "exports/cur/"
        role_arn     = "arn:aws:iam::123456789012:role/billing-transfer"
      }
    }
    error_message = "The output is not the entry of the Google side."
  }
  assert {
    condition = (
      one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_region == "eu-west-1"
      && one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_prefix == "exports/cur"
      && one(one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_output_configurations).format == "PARQUET"
      && one(one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_output_configurations).compression == "PARQUET"
      && one(one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_output_configurations).overwrite == "CREATE_NEW_REPORT"
    )
    error_message = "The export does not deliver new Parquet files into the bucket."
  }
  assert {
    condition = local.table_configurations["cur"] == tomap({
      COST_AND_USAGE_REPORT = tomap({
        BILLING_VIEW_ARN                      = "arn:aws:billing::123456789012:billingview/primary"
        INCLUDE_CAPACITY_RESERVATION_DATA     = "TRUE"
        INCLUDE_IAM_PRINCIPAL_DATA            = "FALSE"
        INCLUDE_MANUAL_DISCOUNT_COMPATIBILITY = "FALSE"
        INCLUDE_RESOURCES                     = "TRUE"
        INCLUDE_SPLIT_COST_ALLOCATION_DATA    = "FALSE"
        TIME_GRANULARITY                      = "DAILY"
      })
    })
    error_message = "A key of the table configuration is missing or wrong. AWS would answer with it, and the provider would fail."
  }
  assert {
    condition     = length(aws_sqs_queue.events) == 0 && length(aws_s3_bucket_notification.events) == 0 && length(aws_cur_report_definition.reports) == 0
    error_message = "There is a queue, a notification or a report that nobody asked for."
  }
  assert {
    condition = (
      aws_s3_bucket_public_access_block.exports["exports"].block_public_acls && aws_s3_bucket_public_access_block.exports["exports"].block_public_policy
      && aws_s3_bucket_public_access_block.exports["exports"].ignore_public_acls && aws_s3_bucket_public_access_block.exports["exports"].restrict_public_buckets
    )
    error_message = "The bucket can become public."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.exports["exports"].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "The bucket is not encrypted with S3's own keys."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.exports["exports"].rule[1].expiration[0].days == 400
    error_message = "Old deliveries stay for ever."
  }
}

run "switches_choose_the_columns" {
  command = plan
  variables {
    exports = { cur = { capacity_reservations = false, iam_principals = true, resources = false, split_cost_allocation = true } }
  }

  assert {
    condition = (
      !strcontains(local.queries["cur"], "capacity_reservation_") && !strcontains(local.queries["cur"], "line_item_resource_id")
      && strcontains(local.queries["cur"], ", line_item_iam_principal") && strcontains(local.queries["cur"], ", split_line_item_split_cost")
    )
    error_message = "The query has a column whose table configuration is off, or lacks one that is on: AWS refuses such a query."
  }
  assert {
    condition = (
      local.table_configurations["cur"].COST_AND_USAGE_REPORT.INCLUDE_RESOURCES == "FALSE"
      && local.table_configurations["cur"].COST_AND_USAGE_REPORT.INCLUDE_SPLIT_COST_ALLOCATION_DATA == "TRUE"
    )
    error_message = "The table configuration does not follow the switches."
  }
}

run "every_kind" {
  command = plan
  variables {
    exports = {
      cur    = { kind = "cur_v1", file_format = "csv", name = "acme-cur", prefix = "exports/aws", delivery = "overwrite" }
      legacy = { kind = "cur_v1", split_cost_allocation = true }
      new    = { kind = "focus_1_2", granularity = "hourly", table_configuration = { BILLING_VIEW_ARN = "arn:aws:billing::123456789012:billingview/primary" } }
      old    = { kind = "focus_1_0", file_format = "csv" }
    }
  }
  expect_failures = [check.one_export_of_the_account]

  assert {
    condition     = { for key, export in local.exports : key => export.format } == { cur = "aws_cur_v1_csv", legacy = "aws_cur_v1_parquet", new = "aws_focus_parquet", old = "aws_focus_csv" }
    error_message = "A format is not that of the Google side."
  }
  assert {
    condition     = aws_cur_report_definition.reports["cur"].format == "textORcsv" && aws_cur_report_definition.reports["cur"].compression == "GZIP" && aws_cur_report_definition.reports["cur"].report_versioning == "OVERWRITE_REPORT" && aws_cur_report_definition.reports["cur"].s3_prefix == "exports/aws"
    error_message = "The report is not gzip CSV with overwrite delivery."
  }
  assert {
    condition     = aws_cur_report_definition.reports["legacy"].format == "Parquet" && aws_cur_report_definition.reports["legacy"].compression == "Parquet" && aws_cur_report_definition.reports["legacy"].additional_schema_elements == toset(["RESOURCES", "SPLIT_COST_ALLOCATION_DATA"])
    error_message = "The report is not Parquet with resources and split costs."
  }
  assert {
    condition     = local.table_configurations["old"] == null && local.table_configurations["new"] == tomap({ FOCUS_1_2_AWS = tomap({ BILLING_VIEW_ARN = "arn:aws:billing::123456789012:billingview/primary", TIME_GRANULARITY = "HOURLY" }) })
    error_message = "A table configuration of FOCUS is wrong."
  }
  assert {
    condition     = strcontains(local.queries["new"], "x_ServiceCode") && endswith(local.queries["new"], " FROM FOCUS_1_2_AWS") && endswith(local.queries["old"], " FROM FOCUS_1_0_AWS")
    error_message = "A query of FOCUS is wrong."
  }
  assert {
    condition     = [for statement in local.delivery_statements : statement.Sid] == ["DataExportsWrite", "ReportsCheck", "ReportsWrite"]
    error_message = "A delivery service has no statement in the policy of the bucket."
  }
}

run "events" {
  variables {
    exports = { cur = { events = true } }
  }

  assert {
    condition     = output.aws_sources["cur"].event_stream == aws_sqs_queue.events["cur"].arn
    error_message = "The Google side gets another queue than there is."
  }
  assert {
    condition     = aws_s3_bucket_notification.events["exports"].queue[0].filter_prefix == "exports/cur/" && aws_s3_bucket_notification.events["exports"].queue[0].events == toset(["s3:ObjectCreated:*"])
    error_message = "S3 does not announce every new object of the export."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.transfer.policy, "sqs:ReceiveMessage") && strcontains(aws_sqs_queue_policy.events["cur"].policy, "s3.amazonaws.com")
    error_message = "The role may not read the queue, or S3 may not write to it."
  }
}

run "existing_bucket" {
  command = plan
  variables {
    create_bucket = false
  }

  assert {
    condition = alltrue([
      for made in [
        aws_s3_bucket.exports, aws_s3_bucket_policy.exports, aws_s3_bucket_lifecycle_configuration.exports,
        aws_s3_bucket_public_access_block.exports, aws_s3_bucket_versioning.exports,
        aws_s3_bucket_ownership_controls.exports, aws_s3_bucket_server_side_encryption_configuration.exports,
      ] : length(made) == 0
    ])
    error_message = "A setting of an existing bucket would be replaced."
  }
  assert {
    condition     = one(one(one(aws_bcmdataexports_export.exports["cur"].export).destination_configurations).s3_destination).s3_bucket == "acme-billing-exports"
    error_message = "The export does not use the existing bucket."
  }
}

run "own_key_boundary_and_no_end" {
  command = plan
  variables {
    kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    retention_days       = null
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.exports["exports"].rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms" && strcontains(aws_iam_role_policy.transfer.policy, "kms:Decrypt")
    error_message = "The bucket does not use the key, or the role may not decrypt."
  }
  assert {
    condition     = aws_iam_role.transfer.permissions_boundary == var.permissions_boundary && length(aws_s3_bucket_lifecycle_configuration.exports["exports"].rule) == 1
    error_message = "The role has no boundary, or files still expire."
  }
}

run "region_that_storage_transfer_may_not_read" {
  command = plan
  variables {
    region = "il-central-1"
  }
  expect_failures = [check.transfer_reads_the_region]
}
