# The modules grant exactly what the table in README.md lists. A grant on the project needs a reason.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

run "grants_match_the_readme" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition     = output.granted == output.described
    error_message = "Granted, but not in README.md: ${join(", ", setsubtract(output.granted, output.described))}. In README.md, but not granted: ${join(", ", setsubtract(output.described, output.granted))}."
  }
  assert {
    condition     = length(output.without_reason) == 0
    error_message = "Grants without a comment that gives the reason: ${join(", ", output.without_reason)}."
  }
}

run "no_bindings_or_policies" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition     = alltrue([for grant in output.granted : can(regex("_(iam_member|dataset_access)\\.| roles/storage\\.legacy(ObjectOwner|ObjectReader|BucketReader)$", grant))])
    error_message = "Use only members and access entries, but for the roles that Cloud Storage gives by itself. A binding or policy removes the grants of others: ${join(", ", output.granted)}."
  }
}

run "project_grants" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition = toset([for grant in output.granted : grant if startswith(grant, "google_project_iam_member.")]) == toset([
      "google_project_iam_member.artifactregistry_agent roles/artifactregistry.serviceAgent",
      "google_project_iam_member.build_logs roles/logging.logWriter",
      "google_project_iam_member.build_source roles/storage.objectViewer",
      "google_project_iam_member.cloudbuild_agent roles/cloudbuild.serviceAgent",
      "google_project_iam_member.cloudfunctions_agent roles/cloudfunctions.serviceAgent",
      "google_project_iam_member.cloudscheduler_agent roles/cloudscheduler.serviceAgent",
      "google_project_iam_member.eventarc_agent roles/eventarc.serviceAgent",
      "google_project_iam_member.loader_jobs roles/bigquery.jobUser",
      "google_project_iam_member.pubsub_agent roles/pubsub.serviceAgent",
      "google_project_iam_member.run_agent roles/run.serviceAgent",
      "google_project_iam_member.storage_publisher roles/pubsub.publisher",
      "google_project_iam_member.trigger_receiver roles/eventarc.eventReceiver",
    ])
    error_message = "The grants on the project have changed: ${join(", ", output.granted)}."
  }
}

run "loader_grants_and_limits" {
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
    landing_buckets    = { aws = "landing-aws" }
    location           = "EU"
    prefix             = "billing"
    project_id         = "acme-billing"
    region             = "europe-west1"
  }

  assert {
    condition     = google_project_iam_member.loader_jobs.role == "roles/bigquery.jobUser"
    error_message = "The functions have another role on the project than roles/bigquery.jobUser."
  }
  assert {
    condition     = keys(google_bigquery_dataset_access.loader_editor) == ["billing", "billing_focus"] && length(google_bigquery_dataset_access.loader_google_export) == 0
    error_message = "The functions must write to their own datasets only, and read no other."
  }
  assert {
    condition     = google_project_iam_member.build_source.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
    error_message = "The build account must read only the buckets of build sources."
  }
  assert {
    condition     = google_storage_bucket_iam_member.loader_leases.condition[0].expression == "!resource.name.startsWith(\"projects/_/buckets/books/objects/functions/\")"
    error_message = "The functions could overwrite their own source code."
  }
  assert {
    condition     = google_storage_bucket_iam_member.loader_viewer["aws"].bucket == "landing-aws" && google_storage_bucket_iam_member.loader_leases.bucket == "books"
    error_message = "The functions must read the landing bucket, and write only to the bookkeeping bucket."
  }
  assert {
    condition     = google_cloudfunctions2_function.load["aws"].event_trigger[0].trigger_region == "eu"
    error_message = "The region of a trigger must be in lower case."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.load["aws"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
      && google_cloudfunctions2_function.sweep.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    )
    error_message = "A function accepts calls from outside the project."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.load["aws"].event_trigger[0].retry_policy == "RETRY_POLICY_RETRY"
      && google_cloudfunctions2_function.load["aws"].service_config[0].timeout_seconds == 540
      && google_cloudfunctions2_function.load["aws"].service_config[0].max_instance_request_concurrency == 1
      && google_cloudfunctions2_function.load["aws"].service_config[0].max_instance_count == 5
    )
    error_message = "Wrong limits. Expected: events are retried, 540 s, one request per instance, five instances."
  }
}
