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

# Rules about all sources together: there is at least one, and no two use the same table or path.

run "no_source" {
  command = plan
  variables {
    aws_sources   = {}
    azure_sources = {}
  }
  expect_failures = [terraform_data.rules]
}

run "overlapping_paths" {
  command = plan
  variables {
    aws_sources = {
      cur  = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" }
      more = { bucket = "acme-exports", path = "exports/aws/more/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" }
    }
    azure_sources = {
      focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" }
      all   = { storage_account = "acmebilling", container = "exports", path = "", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas" }
    }
  }
  expect_failures = [var.aws_sources, var.azure_sources]
}

run "same_table_twice" {
  command = plan
  variables {
    aws_sources = {
      cur  = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "months" }
      more = { bucket = "acme-exports", path = "exports/more/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "months" }
    }
  }
  expect_failures = [terraform_data.rules]
}

run "same_table_for_both_providers" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "months" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "months" } }
  }
  expect_failures = [terraform_data.rules]
}

run "table_named_like_tracking_table" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "aws_cur_load_tracking" } }
  }
  expect_failures = [terraform_data.rules]
}

run "table_named_like_charges_view" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", format = "aws_cur_v2_csv", role_arn = "arn:aws:iam::123456789012:role/billing" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "aws_cur_charges" } }
  }
  expect_failures = [terraform_data.rules]
}

run "same_table_name_in_two_datasets_is_valid" {
  command = plan
  variables {
    aws_sources   = { cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing", table_name = "months" } }
    azure_sources = { focus = { storage_account = "acmebilling", container = "exports", path = "exports/azure/", export_name = "focus-cost", focus_version = "1.2", credentials_secret = "projects/123456789012/secrets/azure-sas", table_name = "months", dataset_id = "azure" } }
  }
}

run "more_sources_than_cloud_run_has_variables" {
  command = plan
  variables {
    aws_sources = {
      for number in range(100) : "cur${number}" => {
        bucket = "acme-${number}", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing"
      }
    }
  }
  expect_failures = [terraform_data.rules]
}
