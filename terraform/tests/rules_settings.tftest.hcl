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
}

# Each run breaks one rule of every variable that it sets. rules_sources.tftest.hcl has the rules for sources.

run "wrong_forms" {
  command = plan
  variables {
    bigquery_location   = "eu"
    freshness_hours     = 1
    labels              = { Team = "finops" }
    ingress_settings    = "ALLOW_ALL"
    notification_emails = ["finops"]
    prefix              = "cloud_billing"
    network             = {}
    project_id          = "123456789012"
    soft_delete_days    = 3
  }
  expect_failures = [
    var.bigquery_location, var.freshness_hours, var.ingress_settings, var.labels, var.network, var.notification_emails,
    var.prefix, var.project_id, var.soft_delete_days,
  ]
}

run "region_is_a_zone_and_prefix_too_long" {
  command = plan
  variables {
    prefix = "cloud-billing-exports"
    region = "europe-west1-b"
  }
  expect_failures = [var.prefix, var.region]
}

run "kms_key_with_version_and_pool_in_other_region" {
  command = plan
  variables {
    build_worker_pool = "projects/p/locations/europe-west4/workerPools/w"
    kms_key           = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
    network           = { connector = "billing" }
  }
  expect_failures = [var.build_worker_pool, var.kms_key, var.network]
}

run "two_ways_into_a_network_and_wrong_things_that_exist" {
  command = plan
  variables {
    existing = {
      bookkeeping_bucket = "own"
      landing_buckets    = { aws = "own", gcp = "other" }
      repository         = "projects/p/locations/us-central1/repositories/r"
      service_accounts   = { loader = "loader@other.iam.gserviceaccount.com", load = "load@acme-billing.iam.gserviceaccount.com" }
    }
    functions_kms_key           = "projects/p/locations/europe/keyRings/r/cryptoKeys/k"
    impersonate_service_account = "somebody@example.com"
    build_worker_pool           = "pool"
    network                     = { connector = "projects/p/locations/europe-west1/connectors/c", subnetwork = "projects/p/regions/europe-west1/subnetworks/s" }
  }
  expect_failures = [var.build_worker_pool, var.existing, var.functions_kms_key, var.impersonate_service_account, var.network]
}

run "all_that_an_organization_can_demand_is_valid" {
  command = plan
  variables {
    build_worker_pool = "projects/p/locations/europe-west1/workerPools/w"
    ingress_settings  = "ALLOW_INTERNAL_AND_GCLB"
    network           = { connector = "projects/p/locations/europe-west1/connectors/c", all_traffic = true }
    soft_delete_days  = null
  }
}

run "kms_key_in_other_location" {
  command = plan
  variables {
    kms_key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}

run "kms_key_in_eu_instead_of_europe" {
  command = plan
  variables {
    bigquery_location = "EU"
    kms_key           = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}

run "prefix_contains_google" {
  command = plan
  variables {
    prefix = "google-billing"
  }
  expect_failures = [var.prefix]
}

run "two_regions" {
  command = plan
  variables {
    bigquery_location = "europe-west4"
  }
  expect_failures = [var.bigquery_location]
}

run "eu_and_region_outside" {
  command = plan
  variables {
    bigquery_location = "EU"
    region            = "europe-west2"
  }
  expect_failures = [var.bigquery_location]
}

run "us_and_european_region" {
  command = plan
  variables {
    bigquery_location = "US"
  }
  expect_failures = [var.bigquery_location]
}

run "eu_and_region_inside_is_valid" {
  command = plan
  variables {
    bigquery_location = "EU"
  }
}

run "focus_dataset_in_upper_case" {
  command = plan
  variables {
    focus_dataset = "FinOps"
  }
  expect_failures = [var.focus_dataset]
}

run "focus_dataset_of_a_source" {
  command = plan
  variables {
    focus_dataset = "billing"
  }
  expect_failures = [var.focus_dataset]
}

run "google_export_without_project" {
  command = plan
  variables {
    google_billing_export = "exports.gcp_billing_export_v1_0123AB_CDEF01_234567"
  }
  expect_failures = [var.google_billing_export]
}
