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

# Every rule about the other settings, broken once; a run breaks one rule of each variable.

run "values_of_the_wrong_shape" {
  command = plan
  variables {
    bigquery_location   = "eu"
    freshness_hours     = 1
    labels              = { Team = "finops" }
    landing_retention   = { soft_delete_days = 3 }
    notification_emails = ["finops"]
    prefix              = "cloud_billing"
    project_id          = "123456789012"
  }
  expect_failures = [var.bigquery_location, var.freshness_hours, var.labels, var.landing_retention, var.notification_emails, var.prefix, var.project_id]
}

run "a_zone_and_a_prefix_without_room_for_bucket_names" {
  command = plan
  variables {
    prefix = "cloud-billing-exports"
    region = "europe-west1-b"
  }
  expect_failures = [var.prefix, var.region]
}

run "a_key_with_its_version" {
  command = plan
  variables {
    kms_key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
  }
  expect_failures = [var.kms_key]
}

run "a_key_in_another_location" {
  command = plan
  variables {
    kms_key = "projects/p/locations/europe/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}

run "the_european_union_s_key_in_a_location_that_is_spelt_as_the_data_s" {
  command = plan
  variables {
    bigquery_location = "EU"
    kms_key           = "projects/p/locations/eu/keyRings/r/cryptoKeys/k"
  }
  expect_failures = [var.kms_key]
}

run "a_prefix_that_no_bucket_may_have" {
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

run "the_european_union_and_a_region_outside" {
  command = plan
  variables {
    bigquery_location = "EU"
    region            = "europe-west2"
  }
  expect_failures = [var.bigquery_location]
}

run "the_united_states_and_a_european_region" {
  command = plan
  variables {
    bigquery_location = "US"
  }
  expect_failures = [var.bigquery_location]
}

run "the_european_union_and_a_region_in_it_is_right" {
  command = plan
  variables {
    bigquery_location = "EU"
  }
}

run "a_focus_dataset_that_dlt_would_spell_otherwise" {
  command = plan
  variables {
    focus_dataset = "FinOps"
  }
  expect_failures = [var.focus_dataset]
}

run "a_focus_dataset_that_is_a_source_s" {
  command = plan
  variables {
    focus_dataset = "billing"
  }
  expect_failures = [var.focus_dataset]
}

run "an_export_of_google_s_without_its_project" {
  command = plan
  variables {
    google_billing_export = "exports.gcp_billing_export_v1_0123AB_CDEF01_234567"
  }
  expect_failures = [var.google_billing_export]
}
