locals {
  _daily         = var.event_stream == null ? {} : { daily = "86400s" }
  _event_streams = var.event_stream == null ? [] : [var.event_stream]
  _object_arn    = "arn:${local._partition}:s3:::${var.bucket}/${var.path}*"
  _partition     = var.credentials.role_arn == null ? "aws" : split(":", var.credentials.role_arn)[1]
  _queue_statements = var.event_stream == null ? [] : [{
    Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
    Effect   = "Allow"
    Resource = [var.event_stream]
  }]
  _schedules = var.event_stream == null ? ["${var.schedule_hours * 3600}s"] : []

  # Lists and reads objects. Nothing is written or deleted on the AWS side.
  permission_policy = {
    Statement = concat(
      [
        {
          Action   = ["s3:GetBucketLocation", "s3:ListBucket"]
          Effect   = "Allow"
          Resource = ["arn:${local._partition}:s3:::${var.bucket}"]
        },
        {
          Action   = ["s3:GetObject"]
          Effect   = "Allow"
          Resource = [local._object_arn]
        },
      ],
      local._queue_statements,
    )
    Version = "2012-10-17"
  }

  # AWS knows accounts.google.com. No OIDC provider has to be created, and the ARN of one would be wrong here.
  trust_policy = {
    Statement = [{
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = { "accounts.google.com:sub" = var.transfer_agent.subject_id } }
      Effect    = "Allow"
      Principal = { Federated = "accounts.google.com" }
    }]
    Version = "2012-10-17"
  }
}
