# The policies as objects. They need nothing that AWS makes, so `terraform console` prints them before an apply.

locals {
  # The region in the ARNs of exports and reports is us-east-1, whatever the region of the bucket.
  _report_arns = ["arn:aws:cur:us-east-1:${var.account_id}:definition/*"]
  _export_arns = ["arn:aws:bcm-data-exports:us-east-1:${var.account_id}:export/*"]

  _delivery = [
    {
      arns   = local._export_arns
      made   = length(local.data_exports) > 0
      rights = { DataExportsWrite = { actions = ["s3:PutObject"], resource = "${local.bucket_arn}/*" } }
      who    = "bcm-data-exports.amazonaws.com"
    },
    {
      arns = local._report_arns
      made = length(local.reports) > 0
      rights = {
        ReportsCheck = { actions = ["s3:GetBucketAcl", "s3:GetBucketPolicy"], resource = local.bucket_arn }
        ReportsWrite = { actions = ["s3:PutObject"], resource = "${local.bucket_arn}/*" }
      }
      who = "billingreports.amazonaws.com"
    },
  ]

  # Only the exports of this account may write. Without the conditions, any account's export could.
  delivery_statements = flatten([
    for service in local._delivery : [
      for sid, right in service.rights : {
        Action = right.actions
        Condition = {
          ArnLike      = { "aws:SourceArn" = service.arns }
          StringEquals = { "aws:SourceAccount" = var.account_id }
        }
        Effect    = "Allow"
        Principal = { Service = service.who }
        Resource  = right.resource
        Sid       = sid
      }
    ] if service.made
  ])

  bucket_policy = {
    Statement = concat(local.delivery_statements, [{
      Action    = "s3:*"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      Effect    = "Deny"
      Principal = "*"
      Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
      Sid       = "OnlyHttps"
    }])
    Version = "2012-10-17"
  }

  # Lists and reads objects. Nothing is written or deleted at AWS.
  permission_policy = {
    Statement = concat(
      [
        { Action = ["s3:GetBucketLocation", "s3:ListBucket"], Effect = "Allow", Resource = [local.bucket_arn] },
        {
          Action   = ["s3:GetObject"]
          Effect   = "Allow"
          Resource = [for export in local.exports : "${local.bucket_arn}/${export.path}*"]
        },
      ],
      length(local.event_keys) == 0 ? [] : [{
        Action   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"]
        Effect   = "Allow"
        Resource = values(local.queue_arns)
      }],
      var.kms_key_arn == null ? [] : [{ Action = ["kms:Decrypt"], Effect = "Allow", Resource = [var.kms_key_arn] }],
    )
    Version = "2012-10-17"
  }

  # AWS knows accounts.google.com: no OIDC provider has to be created. The subject is Storage Transfer's own account of
  # one Google Cloud project, so no other project can assume the role.
  trust_policy = {
    Statement = [{
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = { "accounts.google.com:sub" = var.google_subject_id } }
      Effect    = "Allow"
      Principal = { Federated = "accounts.google.com" }
    }]
    Version = "2012-10-17"
  }

  queue_policies = {
    for key, arn in local.queue_arns : key => {
      Statement = [{
        Action = "sqs:SendMessage"
        Condition = {
          ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
          StringEquals = { "aws:SourceAccount" = var.account_id }
        }
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Resource  = arn
        Sid       = "BucketSends"
      }]
      Version = "2012-10-17"
    }
  }
}

resource "aws_s3_bucket_policy" "exports" {
  for_each = aws_s3_bucket.exports

  bucket = each.value.id
  policy = jsonencode(local.bucket_policy)

  # S3 refuses two such changes at once.
  depends_on = [aws_s3_bucket_ownership_controls.exports, aws_s3_bucket_public_access_block.exports]
}
