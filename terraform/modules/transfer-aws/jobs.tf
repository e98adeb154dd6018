# The first day of the job, stored once: a day computed at every plan would always be a difference. It is taken after
# the bucket is writable. An earlier day could be over when the job is created, and the job would wait for the next day.
resource "time_static" "created" {
  triggers = { bucket = var.sink.bucket }
}

resource "google_storage_transfer_job" "s3" {
  project     = var.project_id
  description = var.description

  # No name. After a change of the name, the provider would lose the job and create a second one. A deleted job keeps
  # its name, so the name could not be used again.

  dynamic "schedule" {
    for_each = local._schedules
    content {
      # Without a time of day, the job runs immediately and then at this interval.
      repeat_interval = schedule.value
      schedule_start_date {
        day   = time_static.created.day
        month = time_static.created.month
        year  = time_static.created.year
      }
    }
  }

  dynamic "event_stream" {
    for_each = local._event_streams
    content {
      name = event_stream.value
    }
  }

  transfer_spec {
    aws_s3_data_source {
      bucket_name        = var.bucket
      path               = var.path
      role_arn           = var.credentials.role_arn
      credentials_secret = var.credentials.secret
    }
    gcs_data_sink {
      bucket_name = var.sink.bucket
      path        = var.sink.path
    }
    transfer_options {
      # Unchanged objects are not written again, so they raise no event. Both delete options are off by default. They
      # stay unset, because the provider reports a conflict even if both are false.
      overwrite_when = "DIFFERENT"
      metadata_options {
        time_created = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" # tells if a file is older than its manifest
      }
    }
  }

  logging_config {
    log_actions       = ["FIND", "COPY"]
    log_action_states = ["FAILED"] # Monitoring counts successes; a log line per file would be billed
  }
}

# Beside an event stream. A message that a queue loses has no second chance, and objects from before the queue have none.
# A job with an event stream ignores its schedule, so this is a job of its own. It copies only what is missing.
resource "google_storage_transfer_job" "daily" {
  for_each = local._daily

  project     = var.project_id
  description = "${var.description}, once a day"

  schedule {
    repeat_interval = each.value
    schedule_start_date {
      day   = time_static.created.day
      month = time_static.created.month
      year  = time_static.created.year
    }
  }

  transfer_spec {
    aws_s3_data_source {
      bucket_name        = var.bucket
      path               = var.path
      role_arn           = var.credentials.role_arn
      credentials_secret = var.credentials.secret
    }
    gcs_data_sink {
      bucket_name = var.sink.bucket
      path        = var.sink.path
    }
    transfer_options {
      # Unchanged objects are not written again, so they raise no event. Both delete options are off by default. They
      # stay unset, because the provider reports a conflict even if both are false.
      overwrite_when = "DIFFERENT"
      metadata_options {
        time_created = "TIME_CREATED_PRESERVE_AS_CUSTOM_TIME" # tells if a file is older than its manifest
      }
    }
  }

  logging_config {
    log_actions       = ["FIND", "COPY"]
    log_action_states = ["FAILED"] # Monitoring counts successes; a log line per file would be billed
  }
}
