/** A WebSocket API with its function, its sweep, its table, and what they are allowed to do. */
export const SERVERLESS_TEMPLATE = `# Deploy with the Serverless Framework: npm run build, then npx serverless deploy
service: websocket

provider:
  name: aws
  runtime: nodejs22.x
  stage: \${opt:stage, 'production'}
  websocketsApiRouteSelectionExpression: $request.body.action
  environment:
    WEBSOCKET_DYNAMODB_TABLE:
      Ref: WebSocketConnections
  iam:
    role:
      statements:
        - Effect: Allow
          Action: execute-api:ManageConnections
          Resource:
            Fn::Sub: arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:*/*/*/@connections/*
        - Effect: Allow
          Action:
            - dynamodb:BatchGetItem
            - dynamodb:GetItem
            - dynamodb:PutItem
            - dynamodb:UpdateItem
            - dynamodb:DeleteItem
            - dynamodb:Query
          Resource:
            Fn::GetAtt: [WebSocketConnections, Arn]

functions:
  websocket:
    handler: dist/lambda.handler
    events:
      - websocket: $connect
      - websocket: $disconnect
      - websocket: $default
      # Each route that the application listens to, as websocket.{route}:
      # - websocket: join
  sweep:
    handler: dist/lambda.handler
    timeout: 300
    events:
      - schedule: rate(30 minutes)

resources:
  Resources:
    WebSocketConnections:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions:
          - { AttributeName: pk, AttributeType: S }
          - { AttributeName: sk, AttributeType: S }
        KeySchema:
          - { AttributeName: pk, KeyType: HASH }
          - { AttributeName: sk, KeyType: RANGE }
        TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
`;
