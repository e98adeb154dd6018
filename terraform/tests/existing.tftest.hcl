# A customer brings buckets, datasets, accounts, a repository and keys. They get grants, and nothing else changes.

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
  location          = "europe-west1"
  prefix            = "billing"
}

run "landing" {
  command = plan
  module {
    source = "./modules/landing"
  }
  variables {
    bookkeeping_bucket = "own-books"
    existing           = ["azure", "bookkeeping"]
    landing_buckets    = { aws = "acme-landing-aws", azure = "own-landing" }
    readers            = ["serviceAccount:loader@acme-billing.iam.gserviceaccount.com"]
    transfer_agent     = "serviceAccount:transfer@google.com"
  }

  assert {
    condition = (
      keys(google_storage_bucket.landing) == ["aws"] && length(google_storage_bucket.bookkeeping) == 0
      && keys(google_storage_bucket_iam_binding.bucket_readers) == ["aws"] && keys(google_storage_bucket_iam_binding.object_owners) == ["aws"]
    )
    error_message = "A bucket that exists already must not be created, and must keep the access that its owner chose."
  }
  assert {
    condition = (
      google_storage_bucket_iam_member.transfer_writer["azure"].bucket == "own-landing" && google_storage_bucket_iam_member.transfer_viewer["azure"].bucket == "own-landing"
      && [for grant in google_storage_bucket_iam_member.bucket_reader : "${grant.bucket} ${grant.role} ${grant.member}"] == ["own-landing roles/storage.legacyBucketReader serviceAccount:loader@acme-billing.iam.gserviceaccount.com"]
    )
    error_message = "Transfers must write to a bucket that exists already, and load jobs must read it."
  }
  assert {
    condition     = output.bookkeeping_bucket == "own-books" && output.readable_buckets == { aws = "acme-landing-aws", azure = "own-landing" }
    error_message = "The outputs must name the buckets that exist already."
  }
}

run "warehouse" {
  command = plan
  module {
    source = "./modules/warehouse"
  }
  variables {
    tracking_schema = file("../functions/billing/schemas/load_tracking.json")
    datasets        = ["billing", "own"]
    existing        = ["own", "own_focus"]
    focus_dataset   = "own_focus"
    tables = {
      aws_cur = {
        cluster   = "line_item_usage_start_date", dataset = "own", execution_column = "assembly_id"
        partition = "bill_billing_period_start_date", schema = file("../functions/billing/schemas/aws_cur_v1.json"), table = "aws_cur"
      }
    }
  }

  assert {
    condition     = keys(google_bigquery_dataset.datasets) == ["billing"] && length(google_bigquery_dataset.focus) == 0
    error_message = "A dataset that exists already must not be created."
  }
  assert {
    condition = (
      google_bigquery_table.months["aws_cur"].dataset_id == "own" && google_bigquery_dataset_access.focus_views["own"].dataset_id == "own"
      && google_bigquery_dataset_access.focus_views["own"].dataset[0].dataset[0].dataset_id == "own_focus" && output.focus_dataset == "own_focus"
    )
    error_message = "Tables and views must be in the datasets that exist already."
  }
}

run "loader" {
  command = plan
  module {
    source = "./modules/loader"
  }
  variables {
    accounts_project   = "acme-billing"
    source_folder      = "../functions"
    bookkeeping_bucket = "books"
    build_folder       = "build"
    datasets           = ["billing"]
    environment        = { BOOKKEEPING_BUCKET = "books" }
    focus_dataset      = "billing_focus"
    kms_key            = "projects/acme-keys/locations/europe-west1/keyRings/code/cryptoKeys/functions"
    landing_buckets    = { aws = "landing-aws" }
    repository         = "projects/acme-images/locations/europe-west1/repositories/docker"
    service_accounts   = { loader = "own-loader@acme-billing.iam.gserviceaccount.com", build = "own-build@acme-billing.iam.gserviceaccount.com" }
  }

  assert {
    condition     = keys(google_service_account.accounts) == ["scheduler", "trigger"] && length(google_artifact_registry_repository.images) == 0
    error_message = "Accounts and a repository that exist already must not be created."
  }
  assert {
    condition = (
      google_project_iam_member.loader_jobs.member == "serviceAccount:own-loader@acme-billing.iam.gserviceaccount.com"
      && google_cloudfunctions2_function.sweep.service_config[0].service_account_email == "own-loader@acme-billing.iam.gserviceaccount.com"
      && google_cloudfunctions2_function.sweep.build_config[0].service_account == "projects/acme-billing/serviceAccounts/own-build@acme-billing.iam.gserviceaccount.com"
    )
    error_message = "The functions must run and be built as the accounts that exist already."
  }
  assert {
    condition = (
      google_artifact_registry_repository_iam_member.build_images.project == "acme-images" && google_artifact_registry_repository_iam_member.build_images.repository == "docker"
      && google_cloudfunctions2_function.load["aws"].build_config[0].docker_repository == "projects/acme-images/locations/europe-west1/repositories/docker"
    )
    error_message = "The images must go to the repository that exists already."
  }
  assert {
    condition = alltrue([
      for function in [google_cloudfunctions2_function.load["aws"], google_cloudfunctions2_function.sweep] :
      function.kms_key_name == "projects/acme-keys/locations/europe-west1/keyRings/code/cryptoKeys/functions"
    ])
    error_message = "The functions must have the key."
  }
}

run "repository" {
  command = plan
  module {
    source = "./modules/loader"
  }
  variables {
    accounts_project   = "acme-billing"
    source_folder      = "../functions"
    bookkeeping_bucket = "books"
    build_folder       = "build"
    datasets           = ["billing"]
    environment        = { BOOKKEEPING_BUCKET = "books" }
    focus_dataset      = "billing_focus"
    kms_key            = "projects/acme-keys/locations/europe-west1/keyRings/code/cryptoKeys/functions"
    landing_buckets    = { aws = "landing-aws" }
  }

  assert {
    condition     = google_artifact_registry_repository.images[0].kms_key_name == "projects/acme-keys/locations/europe-west1/keyRings/code/cryptoKeys/functions"
    error_message = "Cloud Functions needs a repository with the key of the functions."
  }
  assert {
    condition     = toset([for policy in google_artifact_registry_repository.images[0].cleanup_policies : policy.action]) == toset(["DELETE", "KEEP"])
    error_message = "Without cleanup policies the repository keeps every image for ever, and without KEEP a function could lose its image."
  }
}

run "keys" {
  command = plan
  module {
    source = "./modules/project"
  }
  variables {
    functions_kms_key = "projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/billing"
    kms_key           = "projects/acme-keys/locations/europe-west1/keyRings/data/cryptoKeys/billing"
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.functions) == ["artifactregistry", "cloudfunctions", "eventarc", "run"] && length(google_kms_crypto_key_iam_member.storage) == 1
    error_message = "With one key for both, the agent of Cloud Storage must be granted once."
  }
  assert {
    condition     = contains(keys(google_project_service.services), "cloudkms.googleapis.com") && length(time_sleep.functions_kms) == 1
    error_message = "The functions must wait for the grants on their key."
  }
}

run "everything" {
  command = plan
  variables {
    aws_sources = {
      cur = { bucket = "acme-exports", path = "exports/aws/", export_name = "acme-cur", role_arn = "arn:aws:iam::123456789012:role/billing" }
    }
    existing = {
      bookkeeping_bucket = "own-books"
      datasets           = ["billing"]
      landing_buckets    = { aws = "own-landing" }
      repository         = "projects/acme-images/locations/europe-west1/repositories/docker"
      service_accounts   = { loader = "own-loader@acme-billing.iam.gserviceaccount.com" }
    }
    functions_kms_key           = "projects/acme-keys/locations/europe-west1/keyRings/code/cryptoKeys/functions"
    impersonate_service_account = "terraform@acme-billing.iam.gserviceaccount.com"
  }

  assert {
    condition = (
      output.landing_buckets == { aws = "own-landing" } && output.bookkeeping_bucket == "own-books" && output.service_accounts.loader == "own-loader@acme-billing.iam.gserviceaccount.com"
      && output.environment.BOOKKEEPING_BUCKET == "own-books" && output.environment.SOURCES__AWS_CUR__BUCKET == "own-landing"
    )
    error_message = "The functions must use what exists already: ${jsonencode(output.environment)}."
  }
}
