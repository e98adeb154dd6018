# Transfer jobs with a schedule and with an event stream, with and without a secret.

mock_provider "google" {
  source = "./tests/mocks/google"
}

mock_provider "time" {
  source = "./tests/mocks/time"
}

variables {
  description    = "billing"
  project_id     = "acme-billing"
  sink           = { bucket = "acme-landing", path = "aws/cur/" }
  transfer_agent = { member = "serviceAccount:transfer@google.com", subject_id = "1122" }
}

run "aws_role_hourly" {
  module {
    source = "./modules/transfer-aws"
  }
  variables {
    bucket      = "acme-exports"
    credentials = { role_arn = "arn:aws:iam::123456789012:role/billing" }
    path        = "exports/aws/"
  }

  assert {
    condition     = google_storage_transfer_job.s3.transfer_spec[0].aws_s3_data_source[0].path == "exports/aws/" && google_storage_transfer_job.s3.transfer_spec[0].gcs_data_sink[0].path == "aws/cur/"
    error_message = "The source path or the sink path is wrong."
  }
  assert {
    condition     = google_storage_transfer_job.s3.schedule[0].repeat_interval == "3600s" && length(google_storage_transfer_job.s3.schedule[0].start_time_of_day) == 0 && length(google_storage_transfer_job.s3.event_stream) == 0
    error_message = "The job does not run immediately and then every hour."
  }
  assert {
    condition = (
      google_storage_transfer_job.s3.transfer_spec[0].transfer_options[0].overwrite_when == "DIFFERENT"
      && google_storage_transfer_job.s3.transfer_spec[0].transfer_options[0].delete_objects_unique_in_sink == null
      && google_storage_transfer_job.s3.transfer_spec[0].transfer_options[0].delete_objects_from_source_after_transfer == null
    )
    error_message = "The job must overwrite objects that differ, and delete nothing on either side."
  }
  assert {
    condition     = length(google_storage_transfer_job.daily) == 0
    error_message = "With a schedule there must be no second job."
  }
  assert {
    condition     = jsondecode(output.policies.permission_policy).Statement[1] == { Action = ["s3:GetObject"], Effect = "Allow", Resource = ["arn:aws:s3:::acme-exports/exports/aws/*"] }
    error_message = "The role must read the exports and nothing else: ${output.policies.permission_policy}."
  }
}

run "aws_us_gov_event_stream" {
  module {
    source = "./modules/transfer-aws"
  }
  variables {
    bucket       = "acme-exports"
    credentials  = { role_arn = "arn:aws-us-gov:iam::123456789012:role/billing" }
    event_stream = "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:billing"
    path         = ""
  }

  assert {
    condition     = google_storage_transfer_job.s3.event_stream[0].name == "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:billing" && length(google_storage_transfer_job.s3.schedule) == 0
    error_message = "A job must have an event stream or a schedule, not both."
  }
  assert {
    condition = (
      google_storage_transfer_job.daily["daily"].schedule[0].repeat_interval == "86400s"
      && length(google_storage_transfer_job.daily["daily"].event_stream) == 0
      && output.daily_jobs == { daily = google_storage_transfer_job.daily["daily"].name }
    )
    error_message = "A second job must copy once a day what the queue missed."
  }
  assert {
    condition = length(distinct([
      for spec in [google_storage_transfer_job.daily["daily"].transfer_spec[0], google_storage_transfer_job.s3.transfer_spec[0]] :
      jsonencode([
        spec.aws_s3_data_source[0].bucket_name, spec.aws_s3_data_source[0].path, spec.aws_s3_data_source[0].role_arn, spec.aws_s3_data_source[0].credentials_secret,
        spec.gcs_data_sink[0].bucket_name, spec.gcs_data_sink[0].path,
        spec.transfer_options[0].overwrite_when, spec.transfer_options[0].metadata_options[0].time_created,
      ])
    ])) == 1
    error_message = "Both jobs must copy the same objects to the same place, in the same way."
  }
  assert {
    condition     = jsondecode(output.policies.permission_policy).Statement[1].Resource == ["arn:aws-us-gov:s3:::acme-exports/*"] && length(jsondecode(output.policies.permission_policy).Statement) == 3
    error_message = "The role must also receive messages from the queue: ${output.policies.permission_policy}."
  }
}

run "aws_secret" {
  module {
    source = "./modules/transfer-aws"
  }
  variables {
    bucket      = "acme-exports"
    credentials = { secret = "projects/123456789012/secrets/aws-key" }
    path        = "exports/aws/"
  }

  assert {
    condition     = google_storage_transfer_job.s3.transfer_spec[0].aws_s3_data_source[0].credentials_secret == "projects/123456789012/secrets/aws-key"
    error_message = "The job must use this secret."
  }
}

run "azure_federated_identity" {
  module {
    source = "./modules/transfer-azure"
  }
  variables {
    container       = "exports"
    credentials     = { federated_identity = { client_id = "c", tenant_id = "t" } }
    path            = "exports/azure/"
    schedule_hours  = 6
    storage_account = "acmebilling"
  }

  assert {
    condition     = google_storage_transfer_job.blob.transfer_spec[0].azure_blob_storage_data_source[0].federated_identity_config[0].client_id == "c" && google_storage_transfer_job.blob.schedule[0].repeat_interval == "21600s"
    error_message = "The job has another identity or interval."
  }
  assert {
    condition     = google_storage_transfer_job.blob.transfer_spec[0].transfer_options[0].overwrite_when == "DIFFERENT"
    error_message = "The job must overwrite objects that differ."
  }
}

run "azure_sas_token_event_stream" {
  module {
    source = "./modules/transfer-azure"
  }
  variables {
    container       = "exports"
    credentials     = { secret = "projects/123456789012/secrets/azure-sas" }
    event_stream    = "acmebilling.queue.core.windows.net/billing"
    path            = "exports/azure/"
    storage_account = "acmebilling"
  }

  assert {
    condition     = google_storage_transfer_job.blob.event_stream[0].name == "acmebilling.queue.core.windows.net/billing" && length(google_storage_transfer_job.blob.schedule) == 0
    error_message = "A job must have an event stream or a schedule, not both."
  }
  assert {
    condition = (
      google_storage_transfer_job.daily["daily"].schedule[0].repeat_interval == "86400s"
      && length(google_storage_transfer_job.daily["daily"].event_stream) == 0
      && output.daily_jobs == { daily = google_storage_transfer_job.daily["daily"].name }
    )
    error_message = "A second job must copy once a day what the queue missed."
  }
  assert {
    condition = length(distinct([
      for spec in [google_storage_transfer_job.daily["daily"].transfer_spec[0], google_storage_transfer_job.blob.transfer_spec[0]] :
      jsonencode([
        spec.azure_blob_storage_data_source[0].storage_account, spec.azure_blob_storage_data_source[0].container, spec.azure_blob_storage_data_source[0].path, spec.azure_blob_storage_data_source[0].credentials_secret,
        spec.gcs_data_sink[0].bucket_name, spec.gcs_data_sink[0].path,
        spec.transfer_options[0].overwrite_when, spec.transfer_options[0].metadata_options[0].time_created,
      ])
    ])) == 1
    error_message = "Both jobs must copy the same objects to the same place, in the same way."
  }
  assert {
    condition     = google_storage_transfer_job.blob.transfer_spec[0].azure_blob_storage_data_source[0].credentials_secret == "projects/123456789012/secrets/azure-sas"
    error_message = "The job must use this secret."
  }
}
