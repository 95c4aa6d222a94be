package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/dapr/go-sdk/service/common"
	daprd "github.com/dapr/go-sdk/service/http"
	"github.com/go-chi/chi/v5"
)

type event struct {
	Type, Subject, Sequence string
	Data                    struct{ ConnectionMandate string }
}
type mandate struct {
	revision int
	level    string
}

func main() {
	var lock sync.Mutex
	mandates := map[string]mandate{}
	mux := chi.NewRouter()
	service := daprd.NewServiceWithMux("127.0.0.1:"+os.Getenv("APP_PORT"), mux)
	// The SDK's event has no sequence, and a sidecar that parses the records is blocked by one that is not JSON.
	subscription := &common.Subscription{PubsubName: "subscriber-pubsub", Topic: "connection-mandates-topic",
		Route: "/deliveries", Metadata: map[string]string{"rawPayload": "true"}}
	apply := func(_ context.Context, delivered *common.TopicEvent) (bool, error) {
		var change event
		if json.Unmarshal(delivered.RawData, &change) != nil || change.Type != "utility.crm.connection-mandate-changed.v1" {
			return false, nil
		}
		revision, err := strconv.Atoi(change.Sequence)
		if err != nil {
			return false, nil
		}
		lock.Lock()
		defer lock.Unlock()
		held, level := mandates[change.Subject], change.Data.ConnectionMandate
		// The higher revision wins; of two levels of one revision the lower.
		if revision > held.revision || revision == held.revision && level < held.level {
			mandates[change.Subject] = mandate{revision, level}
		}
		return false, nil
	}
	if err := service.AddTopicEventHandler(subscription, apply); err != nil {
		log.Fatal(err)
	}
	show := func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		level := "0"
		if held, isKnown := mandates[chi.URLParam(r, "id")]; isKnown {
			level = held.level
		}
		_ = json.NewEncoder(w).Encode(level)
	}
	mux.Get("/healthz", show)
	mux.Get("/mandates/{id}", show)
	log.Fatal(service.Start())
}
