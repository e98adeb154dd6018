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

# Every rule about sources, broken once for each provider that has it; the variables above are right.

run "the_variables_above_are_right" {
  command = plan
}

run "a_key_that_no_variable_can_have" {
  command = plan
  variables {
    aws_sources   = { cur-main = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { "1focus" = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_key_that_is_too_long" {
  command = plan
  variables {
    aws_sources   = { ccccccccccccccccccccccccccccccc = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { fffffffffffffffffffffffffffffff = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_bucket_with_its_scheme_and_an_account_with_its_host" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "s3://acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling.blob.core.windows.net", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_container_with_a_path" {
  command = plan
  variables {
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports/azure", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.azure_sources]
}

run "a_path_without_its_last_slash" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_path_that_begins_with_a_slash" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "/exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "/exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_path_that_is_a_pattern_or_an_address" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "s3://acme-exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/*/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "an_export_name_that_is_empty_or_a_path" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "azure/focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "an_unknown_format" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", format = "aws_cur_v1_avro" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", format = "azure_focus_avro" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "an_unknown_version" {
  command = plan
  variables {
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.1", credentials_secret = "projects/123456789012/secrets/azure-sas" } }
  }
  expect_failures = [var.azure_sources]
}

run "no_credential" {
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

run "a_user_for_a_role_and_a_name_for_a_guid" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:user/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", federated_identity = { client_id = "billing-3333-4444-555555555555", tenant_id = "66666666-7777-8888-9999-000000000000" } } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_role_of_a_short_account" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::1234:role/billing" } }
  }
  expect_failures = [var.aws_sources]
}

run "a_secret_without_the_projects_number_or_with_a_version" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", credentials_secret = "projects/123456789012/secrets/aws/versions/1" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/acme-billing/secrets/azure-sas" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_schedule_of_less_than_an_hour_or_of_half_hours" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", schedule_hours = 0.5 } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", schedule_hours = 1.5 } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_stream_that_is_no_queue" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", event_stream = "arn:aws:sns:eu-west-1:123456789012:billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", event_stream = "https://acmebilling.queue.core.windows.net/billing" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_fifo_queue" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", event_stream = "arn:aws:sqs:eu-west-1:123456789012:billing.fifo" } }
  }
  expect_failures = [var.aws_sources]
}

run "a_dataset_that_dlt_would_rename" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", dataset_id = "Billing__Data" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", dataset_id = "billing_" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_table_that_dlt_would_rename" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "aws-cur" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "azure__focus" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "a_table_with_the_name_of_the_view" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "billing_status" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "billing_status" } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "hours_to_settle_out_of_range" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", settle_hours = 169 } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", settle_hours = -1 } }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "an_override_that_is_no_type" {
  command = plan
  variables {
    aws_sources = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", type_overrides = { "product/ECU" = "TEXT" } } }
  }
  expect_failures = [var.aws_sources]
}
