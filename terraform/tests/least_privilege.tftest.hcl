# Nothing is granted but what the README's table says, and on the project only what can be granted nowhere else.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "archive" {
  source = "./tests/mocks/archive"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

run "every_grant_is_in_the_readme_with_its_role" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition     = output.granted == output.described
    error_message = "Not in README.md: ${join(", ", setsubtract(output.granted, output.described))}. Not granted: ${join(", ", setsubtract(output.described, output.granted))}."
  }
  assert {
    condition     = length(output.without_reason) == 0
    error_message = "Without the reason beside it: ${join(", ", output.without_reason)}."
  }
}

run "grants_are_added_one_by_one" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition     = alltrue([for grant in output.granted : can(regex("_(iam_member|dataset_access)\\.", grant))])
    error_message = "A binding or a policy takes grants away that others have made: ${join(", ", output.granted)}."
  }
}

run "only_these_grants_are_on_the_project" {
  command = plan
  module {
    source = "./tests/grants"
  }

  assert {
    condition = toset([for grant in output.granted : grant if startswith(grant, "google_project_iam_member.")]) == toset([
      "google_project_iam_member.build_logs roles/logging.logWriter",
      "google_project_iam_member.build_source roles/storage.objectViewer",
      "google_project_iam_member.eventarc_agent roles/eventarc.serviceAgent",
      "google_project_iam_member.loader_jobs roles/bigquery.jobUser",
      "google_project_iam_member.pubsub_agent roles/pubsub.serviceAgent",
      "google_project_iam_member.storage_publisher roles/pubsub.publisher",
      "google_project_iam_member.trigger_receiver roles/eventarc.eventReceiver",
    ])
    error_message = "The grants on the project have changed: ${join(", ", output.granted)}."
  }
}

run "the_functions_may_do_one_thing_in_the_project" {
  module {
    source = "./modules/loader"
  }
  variables {
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
    service_agents     = { eventarc = "serviceAccount:e@e.com", pubsub = "serviceAccount:p@p.com", storage = "serviceAccount:s@s.com" }
  }

  assert {
    condition     = google_project_iam_member.loader_jobs.role == "roles/bigquery.jobUser"
    error_message = "The functions' one grant on the project is to make BigQuery jobs."
  }
  assert {
    condition     = keys(google_bigquery_dataset_access.loader_editor) == ["billing", "billing_focus"] && length(google_bigquery_dataset_access.loader_google_export) == 0
    error_message = "They write their own datasets, and read no other."
  }
  assert {
    condition     = google_project_iam_member.build_source.condition[0].expression == "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
    error_message = "A build may read the source of builds, not the billing data."
  }
  assert {
    condition     = google_storage_bucket_iam_member.loader_viewer["aws"].bucket == "landing-aws" && google_storage_bucket_iam_member.loader_leases.bucket == "books"
    error_message = "The functions read their landing bucket, and write leases only."
  }
  assert {
    condition     = google_cloudfunctions2_function.load["aws"].event_trigger[0].trigger_region == "eu"
    error_message = "Eventarc spells a multi-region in lower case."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.load["aws"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
      && google_cloudfunctions2_function.sweep.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    )
    error_message = "No function may be called from outside."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.load["aws"].event_trigger[0].retry_policy == "RETRY_POLICY_RETRY"
      && google_cloudfunctions2_function.load["aws"].service_config[0].timeout_seconds == 540
      && google_cloudfunctions2_function.load["aws"].service_config[0].max_instance_request_concurrency == 1
      && google_cloudfunctions2_function.load["aws"].service_config[0].max_instance_count == 5
    )
    error_message = "Events are retried; a function runs for 540 s at most, one month per instance, five instances."
  }
}
