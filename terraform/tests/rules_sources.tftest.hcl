mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "google-beta" {
  source = "./tests/mocks/google-beta"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

variables {
  project_id        = "acme-billing"
  region            = "europe-west1"
  bigquery_location = "europe-west1"
  aws_sources = {
    cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" }
  }
  azure_sources = {
    focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" }
  }
}

# The variables above are valid. Each run breaks one rule, for both providers where both have it.

run "valid_sources" {
  command = plan
}

run "key_with_hyphen_or_leading_digit" {
  command = plan
  variables {
    aws_sources   = { cur-main = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { "1focus" = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "key_too_long" {
  command = plan
  variables {
    aws_sources   = { ccccccccccccccccccccccccccccccc = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { fffffffffffffffffffffffffffffff = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "bucket_with_scheme_and_account_with_host" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "s3://acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling.blob.core.windows.net", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "container_with_path" {
  command = plan
  variables {
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports/azure", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.azure_sources]
}

run "path_without_trailing_slash" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "path_with_leading_slash" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "/exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "/exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "path_with_wildcard_or_address" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "s3://acme-exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/*/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "export_name_empty_or_with_slash" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "azure/focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "export_name_with_wildcard" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-*", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus[1]", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "export_name_with_every_other_character_of_aws" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "aZ09!-_.'()", role_arn = "arn:aws:iam::123456789012:role/billing" } }
  }
}

run "unknown_format" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", format = "aws_cur_v1_avro" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", format = "azure_focus_avro" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "unknown_focus_version" {
  command = plan
  variables {
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.1", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.azure_sources]
}

run "focus_version_of_actual_cost" {
  command = plan
  variables {
    azure_sources = { actual = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "actual-cost", format = "azure_actual_csv", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.azure_sources]
}

run "no_credentials" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "two_credentials" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", credentials_secret = "projects/123456789012/secrets/aws" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", federated_identity = { client_id = "11111111-2222-3333-4444-555555555555", tenant_id = "66666666-7777-8888-9999-000000000000" } } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "role_arn_of_a_user_and_client_id_without_guid" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:user/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", federated_identity = { client_id = "billing-3333-4444-555555555555", tenant_id = "66666666-7777-8888-9999-000000000000" } } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "role_arn_with_short_account" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::1234:role/billing" } }
  }
  expect_failures = [var.aws_sources]
}

run "secret_with_version_or_project_id" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", credentials_secret = "projects/123456789012/secrets/aws/versions/1" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/acme-billing/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "schedule_of_half_hours" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", schedule_hours = 0.5 } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", schedule_hours = 1.5 } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "event_stream_not_a_queue" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", event_stream = "arn:aws:sns:eu-west-1:123456789012:billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", event_stream = "https://acmebilling.queue.core.windows.net/billing" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "fifo_queue" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", event_stream = "arn:aws:sqs:eu-west-1:123456789012:billing.fifo" } }
  }
  expect_failures = [var.aws_sources]
}

run "dataset_renamed_by_dlt" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", dataset_id = "Billing__Data" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", dataset_id = "billing_" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "table_renamed_by_dlt" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "aws-cur" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "azure__focus" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "table_named_billing_status" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "billing_status" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "billing_status" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "settle_hours_out_of_range" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", settle_hours = 169 } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", settle_hours = -1 } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "shrink_percent_out_of_range" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", shrink_percent = 101 } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", shrink_percent = -1 } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "on_shrink_unknown" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", on_shrink = "stop" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", on_shrink = "Hold" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "type_override_unknown" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", type_overrides = { "product/ECU" = "TEXT" } } }
  }
  expect_failures = [var.aws_sources]
}
